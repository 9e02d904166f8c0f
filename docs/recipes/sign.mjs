// Signs launch contexts in Node with jose: npm install jose

import { randomUUID } from 'node:crypto'
import { importPKCS8, SignJWT } from 'jose'

// settings: { key, kid, algorithm, issuer, audience, origin, tenant }. `key` is the private key's PEM, as
// `shieldpod key new` writes it; `algorithm` is EdDSA, ES256 or RS256, as the key is.
//
// launch: { technician: { id, name, email }, context, nonce }. Technician and context are what your server
// knows: who is signed in, and what the ticket is about (psa, ticket, client, contact, contacts). Only the
// nonce may come from the browser.
export async function signLaunchContext(settings, launch) {
  const { id, ...actor } = launch.technician
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({
    tid: settings.tenant,
    origin: settings.origin,
    nonce: launch.nonce,
    act: actor,
    ctx: launch.context,
  })
    .setProtectedHeader({ alg: settings.algorithm, kid: settings.kid, typ: 'pod-launch+jwt' })
    .setIssuer(settings.issuer)
    .setAudience(settings.audience)
    .setSubject(id)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + 60)
    .sign(await importPKCS8(settings.key, settings.algorithm))
}
