// Signs launch contexts in C# with Microsoft.IdentityModel.JsonWebTokens:
// dotnet add package Microsoft.IdentityModel.JsonWebTokens

using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

public sealed class LaunchContextSigner
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, // null is refused
    };

    private readonly SigningCredentials credentials;
    private readonly string issuer, audience, origin, tenant;

    // pem: the private key, as `shieldpod key new --algorithm ES256` writes it. (This library has no EdDSA.) Keep
    // one signer for the life of your process. Not an X509SecurityKey: it writes x5t into the header, which is refused.
    public LaunchContextSigner(string pem, string kid, string issuer, string audience, string origin, string tenant)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        credentials = new SigningCredentials(new ECDsaSecurityKey(key) { KeyId = kid }, SecurityAlgorithms.EcdsaSha256);
        (this.issuer, this.audience, this.origin, this.tenant) = (issuer, audience, origin, tenant);
    }

    // Technician and context are what your server knows: who is signed in, and what the ticket is about, for instance
    //   new { Psa = "examplepsa", Ticket = new { Id = "4711", Summary = "Password reset" },
    //         Client = new { Id = "contoso", Name = "Contoso" }, Contact = new { Id = "dana", Name = "Dana Reyes" },
    //         Contacts = new[] { new { Id = "dana", Name = "Dana Reyes", Channels = new[] {
    //             new { Id = "dana-mobile", Kind = "phone", Value = "+14155554821", Label = "Mobile" } } } } }
    // Only the nonce may come from the browser.
    public string Sign(string technicianId, string technicianName, string? technicianEmail, object context, string nonce)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = JsonSerializer.Serialize(new
        {
            Iss = issuer,
            Aud = audience,
            Sub = technicianId,
            Tid = tenant,
            Iat = now,
            Nbf = now,
            Exp = now + 60,
            Jti = Guid.NewGuid().ToString(),
            Nonce = nonce,
            Origin = origin,
            Act = new { Name = technicianName, Email = technicianEmail },
            Ctx = context,
        }, Json);
        var header = new Dictionary<string, object> { ["typ"] = "pod-launch+jwt" };
        return new JsonWebTokenHandler().CreateToken(claims, credentials, header);
    }
}
