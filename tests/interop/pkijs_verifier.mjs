// Verifies detached signatures with pkijs: node pkijs_verifier.mjs MANIFEST, one "content signature root" a line, separated by tabs.
// Prints "ok" or "no: reason" for each line. pkijs is found through NODE_PATH.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

const require = createRequire(process.env.NODE_PATH + "/");
const pkijs = require("pkijs");

pkijs.setEngine("node", new pkijs.CryptoEngine({ name: "node", crypto: webcrypto }));

const bytes = (path) => {
    const buffer = readFileSync(path);
    return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
};
const fromPem = (path) => {
    const base64 = readFileSync(path, "latin1").split("-----")[2];
    const buffer = Buffer.from(base64, "base64");
    return pkijs.Certificate.fromBER(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength));
};

for (const line of readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean)) {
    const [content, signature, root] = line.split("\t");
    try {
        const info = pkijs.ContentInfo.fromBER(bytes(signature));
        const signed = new pkijs.SignedData({ schema: info.content });
        const found = await signed.verify({ signer: 0, data: bytes(content), trustedCerts: [fromPem(root)], checkChain: true });
        console.log(found ? "ok" : "no: not verified");
    } catch (error) {
        console.log("no: " + String(error.message ?? error.resultMessage ?? error).replaceAll("\n", " "));
    }
}
