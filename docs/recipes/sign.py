# Signs launch contexts in Python with PyJWT: pip install "pyjwt[crypto]"

import time
import uuid

import jwt


def sign_launch_context(settings, launch):
    """settings: key, kid, algorithm, issuer, audience, origin, tenant. `key` is the private key's PEM, as
    `shieldpod key new` writes it; `algorithm` is EdDSA, ES256 or RS256, whichever the key is for.

    launch: technician (id, name, email), context, nonce. Technician and context are what your server knows:
    who is signed in, and what the ticket is about (psa, ticket, client, contact, contacts). Only the nonce
    may come from the browser. Leave out what you don't know: None is refused.
    """
    actor = dict(launch["technician"])
    now = int(time.time())
    claims = {
        "iss": settings["issuer"],
        "aud": settings["audience"],
        "sub": actor.pop("id"),
        "tid": settings["tenant"],
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
        "nonce": launch["nonce"],
        "origin": settings["origin"],
        "act": actor,
        "ctx": launch["context"],
    }
    headers = {"kid": settings["kid"], "typ": "pod-launch+jwt"}
    return jwt.encode(claims, settings["key"], algorithm=settings["algorithm"], headers=headers)
