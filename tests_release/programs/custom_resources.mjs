// What the models of Prometheus' operator say of custom resources: their schemas of values, and their types of keys that
// there are not, which the schemas let pass. Standard input is a JSON list of objects, standard output one of what is
// wrong. Run it in the folder that has the packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const objects = JSON.parse(readFileSync(0, "utf8"));
const folder = process.cwd();
const packages = path.join(folder, "node_modules");
const ts = createRequire(path.join(folder, "package.json"))("typescript");
const module = (object) => {
  const [group, version] = object.apiVersion.split("/");
  return `@kubernetes-models/prometheus-operator/${group}/${version}/${object.kind}`;
};

async function wrongValues(object) {
  const models = await import(pathToFileURL(path.join(packages, `${module(object)}.js`)));
  try {
    new models[object.kind](object).validate();
    return [];
  } catch (error) {
    return [`${object.kind}: ${error.message}`];
  }
}

function wrongKeys() {
  const source = objects
    .map((object, n) => `import { I${object.kind} as T${n} } from "${module(object)}";
export const o${n}: T${n} = ${JSON.stringify(object)};`)
    .join("\n");
  const name = path.join(folder, "objects.ts");
  const kind = ts.ModuleKind.NodeNext;
  const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], module: kind, target: ts.ScriptTarget.ESNext };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => file === name || fileExists.call(host, file);
  host.readFile = (file) => (file === name ? source : readFile.call(host, file));
  const found = ts.getPreEmitDiagnostics(ts.createProgram([name], options, host));
  return found.map((each) => ts.flattenDiagnosticMessageText(each.messageText, "\n"));
}

const values = await Promise.all(objects.map(wrongValues));
console.log(JSON.stringify([...values.flat(), ...wrongKeys()]));
