/**
 * An OpenID provider for trying sign-in on this machine, and for the tests: `make provider`.
 *
 * It is whole where it matters: PKCE is demanded, codes are good once, tokens are signed by a key
 * of its own. Only its door is none: whoever types the name of one of its people is that person. So
 * it listens on loopback alone. It ends with SIGTERM; its people are read anew at each sign-in.
 */

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Provider from 'oidc-provider';

const LOOPBACK = '127.0.0.1';
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9400' },
    people: { type: 'string', default: new URL('people.json', import.meta.url).pathname },
    client: { type: 'string', default: 'oep' },
    secret: { type: 'string', default: 'only-for-this-machine' },
    back: { type: 'string', default: 'http://localhost:8000/api/v1/auth/oidc/callback' },
  },
});
const issuer = `http://localhost:${values.port}`;

/** What it vouches for of somebody, or undefined when it knows nobody of that name. */
function account(_, name) {
  const person = JSON.parse(readFileSync(values.people, 'utf8'))[name];
  return person && { accountId: name, claims: () => ({ sub: name, ...person }) };
}

/** Nobody is asked whether the exam platform may know his name: it is the same house. */
async function agreed({ oidc }) {
  const grant = new oidc.provider.Grant({
    clientId: oidc.client.clientId,
    accountId: oidc.session.accountId,
  });
  grant.addOIDCScope('openid profile email');
  await grant.save();
  return grant;
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomBytes(8).toString('hex');
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
}

const provider = new Provider(issuer, {
  claims: {
    openid: ['sub'],
    profile: ['name', 'roles'],
    email: ['email', 'email_verified'],
  },
  clients: [
    { client_id: values.client, client_secret: values.secret, redirect_uris: [values.back] },
  ],
  cookies: { keys: [randomBytes(32).toString('hex')] },
  findAccount: account,
  jwks: { keys: [signingKey()] },
  loadExistingGrant: agreed,
  pkce: { required: () => true },
});

const server = provider.listen(Number(values.port), LOOPBACK, () => {
  process.stdout.write(`${issuer}\n`);
});
process.on('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
});
