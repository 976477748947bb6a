// OpenPGP.js as a peer: `peer.mjs encrypt SECRET CERT` and `peer.mjs decrypt SECRET CERT`, standard input to standard output.
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const [task, secretFile, certFile, compress] = process.argv.slice(2);
const secret = await openpgp.readPrivateKey({ armoredKey: readFileSync(secretFile, 'utf8') });
const cert = await openpgp.readKey({ armoredKey: readFileSync(certFile, 'utf8') });
const input = readFileSync(0);
if (task === 'encrypt') {
  const message = await openpgp.createMessage({ binary: input });
  const config = { preferredCompressionAlgorithm: compress ? openpgp.enums.compression.zlib : openpgp.enums.compression.uncompressed };
  process.stdout.write(await openpgp.encrypt({ message, encryptionKeys: cert, signingKeys: secret, config }));
} else {
  const message = await openpgp.readMessage({ armoredMessage: input.toString('utf8') });
  const { data, signatures } = await openpgp.decrypt({ message, decryptionKeys: secret, verificationKeys: cert, format: 'binary' });
  if (signatures.length !== 1) throw new Error('signatures: ' + signatures.length);
  await signatures[0].verified;
  process.stdout.write(Buffer.from(data));
}
