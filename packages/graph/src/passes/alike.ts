import type { Node } from "../node.ts";

/** Two nodes with one key are the same op with the same attributes on operands of the same shapes. */
export function keyOf(node: Node): string {
  const known = keys.get(node);
  if (known !== undefined) return known;
  let key = `${node.op} ${node.dtype} ${node.shape.join()}`;
  for (const { shape, dtype } of node.inputs) key += ` ${dtype} ${shape.join()}`;
  // Leaves differ in what they hold; what they hold is no reason to keep them apart.
  if (node.attributes !== null && node.inputs.length > 0) key += JSON.stringify(node.attributes);
  keys.set(node, key);
  return key;
}

const keys = new WeakMap<Node, string>();

/** Nodes by their keys, in the order of the first of each. */
export function alike(nodes: readonly Node[]): readonly (readonly Node[])[] {
  const groups = new Map<string, Node[]>();
  for (const node of nodes) {
    const group = groups.get(keyOf(node));
    if (group) group.push(node);
    else groups.set(keyOf(node), [node]);
  }
  return [...groups.values()];
}
