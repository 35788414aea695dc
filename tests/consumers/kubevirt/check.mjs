// SPDX-License-Identifier: LGPL-2.1-or-later
//
// check.mjs FILE...: the YAML documents in each FILE are what KubeVirt's API takes: no field that it does not know,
// none missing, none of another type. The types are made of the API's own description, which KubeVirt
// publishes; a program with the documents in it is given to the type checker.

import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as kubevirt from "@kubevirt-ui-ext/kubevirt-api/kubevirt";
import { parseAllDocuments } from "yaml";

// What turned the description into types found one field's name taken.
const declarations = `
import type * as kubevirt from "@kubevirt-ui-ext/kubevirt-api/kubevirt";
type Spec = Omit<kubevirt.V1KubeVirtSpec, "_configuration"> & { configuration?: kubevirt.V1KubeVirtConfiguration };
type KubeVirt = Omit<kubevirt.V1KubeVirt, "spec"> & { spec: Spec };
type VirtualMachine = kubevirt.V1VirtualMachine;
`;

const documents = process.argv.slice(2).flatMap((file) => {
  const found = parseAllDocuments(readFileSync(file, "utf8"));
  assert.deepStrictEqual(found.flatMap((document) => document.errors), []);
  assert.deepStrictEqual(found.map((document) => document.get("kind")), ["KubeVirt", "VirtualMachine"]);
  return found.map((document) => document.toJS());
});
assert.notEqual(documents.length, 0);

// Converting to the API's own objects drops what these do not know.
for (const document of documents) {
  const converted = kubevirt[`V1${document.kind}FromJSON`](document);
  const back = JSON.parse(JSON.stringify(kubevirt[`V1${document.kind}ToJSON`](converted)));
  assert.deepStrictEqual(back, document);
}

const folder = mkdtempSync("check-");
try {
  const lines = documents.map((d, i) => `export const document${i}: ${d.kind} = ${JSON.stringify(d)};\n`);
  writeFileSync(`${folder}/check.ts`, declarations + lines.join(""));
  execFileSync("node_modules/.bin/tsc",
    ["--noEmit", "--strict", "--skipLibCheck", "--module", "node16", "--target", "es2022", `${folder}/check.ts`],
    { stdio: "inherit" });
} finally {
  rmSync(folder, { recursive: true });
}
