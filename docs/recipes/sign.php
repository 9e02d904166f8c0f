<?php
// Signs launch contexts in PHP with firebase/php-jwt: composer require firebase/php-jwt

use Firebase\JWT\JWT;

/**
 * $settings: key, kid, algorithm, issuer, audience, origin, tenant. `key` is the private key's PEM, as
 * `shieldpod key new --algorithm ES256` writes it; `algorithm` is ES256 or RS256, whichever the key is for.
 * (This library takes keys for EdDSA in a form of its own, not as PEM.)
 *
 * $launch: technician (id, name, email), context, nonce. Technician and context are what your server knows: who
 * is signed in, and what the ticket is about (psa, ticket, client, contact, contacts). Only the nonce may come
 * from the browser. Leave out what you don't know: null is refused.
 */
function sign_launch_context(array $settings, array $launch): string
{
    $actor = $launch['technician'];
    unset($actor['id']);
    $now = time();
    $claims = [
        'iss' => $settings['issuer'],
        'aud' => $settings['audience'],
        'sub' => $launch['technician']['id'],
        'tid' => $settings['tenant'],
        'iat' => $now,
        'nbf' => $now,
        'exp' => $now + 60,
        'jti' => bin2hex(random_bytes(16)),
        'nonce' => $launch['nonce'],
        'origin' => $settings['origin'],
        'act' => $actor,
        'ctx' => $launch['context'],
    ];

    return JWT::encode($claims, $settings['key'], $settings['algorithm'], $settings['kid'], ['typ' => 'pod-launch+jwt']);
}
