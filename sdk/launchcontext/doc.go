// Package launchcontext signs and checks launch contexts: the JWT by which a
// ticket system (PSA) says "this technician has this ticket open".
//
// A vendor who embeds the pod needs three things of it:
//
//  1. A key. [GenerateKey] makes one, or [ParsePrivateKey] loads one from PEM or
//     JWK. The public half, [SigningKey.Public], is registered with the tenant,
//     once, under the issuer's name and the key's id.
//  2. [Claims]: who the technician is, which ticket is open, and whom it concerns.
//     With Context.Contacts inline Shieldpod needs no access to the ticket system.
//  3. [Sign], on the vendor's server, each time that the pod asks its host page for
//     a context. A context lives a minute and opens one pod session, once: sign
//     a fresh one for each launch and never put it into a URL.
//
// [Verify] is the other side, the very code that Shieldpod itself runs. It is
// stricter than JWT asks for: one algorithm for each key, no header but alg, typ and
// kid, no repeated or misspelt names, no type but the documented one. Both sides
// answer with an [Error] whose Code is stable and whose Field names the culprit.
//
// Beyond the documented claims a context may carry a vendor's own at its top level, if
// their names can't collide: with a dot or a colon in them, such as "acme.example/region".
// They are ignored.
package launchcontext
