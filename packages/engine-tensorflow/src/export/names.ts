/** Names of nodes as TensorFlow takes them, each given out once. */
export function createNames(): (folder: string, name: string) => string {
  const taken = new Set<string>();
  return (folder, name) => {
    const plain = `${folder}/${name.replace(/[^A-Za-z0-9_./-]/g, "_")}`;
    let unique = plain;
    for (let i = 1; taken.has(unique); i++) unique = `${plain}_${i}`;
    taken.add(unique);
    return unique;
  };
}
