using System.Net;

namespace Dapari.Server.Hosting;

/// <summary>Served over plain HTTP beside HTTPS: the authority's certificate and how a phone comes to trust it. Everything else is sent to HTTPS.</summary>
internal sealed class TrustPage(ServerHost host)
{
    private const string Style = """
        :root { color-scheme: light dark }
        body { font: 1.05rem/1.55 system-ui, sans-serif; max-width: 38rem; margin: 0 auto; padding: 1.25rem }
        a.button { display: inline-block; padding: .7rem 1.2rem; border-radius: .6rem; background: #1b5e8c; color: #fff; text-decoration: none; font-weight: 600 }
        code { overflow-wrap: anywhere; font-size: .85rem }
        section + section { border-top: 1px solid #8886; margin-top: 2rem; padding-top: 1rem }
        """;

    public async Task ServeAsync(HttpContext context)
    {
        var response = context.Response;
        switch (context.Request.Path.Value)
        {
            case "/ca.crt":
                response.ContentType = "application/x-x509-ca-cert";
                response.Headers.ContentDisposition = "attachment; filename=\"dapari-ca.crt\"";
                response.Headers.CacheControl = "no-store";
                await response.Body.WriteAsync(host.Authority!.Certificate, context.RequestAborted);
                break;
            case "/trust.css":
                response.ContentType = "text/css; charset=utf-8";
                response.Headers.CacheControl = "no-cache";
                await response.WriteAsync(Style, context.RequestAborted);
                break;
            case "/healthz":
                await response.WriteAsync("ok\n", context.RequestAborted);
                break;
            case "/" or "":
                response.ContentType = "text/html; charset=utf-8";
                response.Headers.CacheControl = "no-store";
                await response.WriteAsync(Page(Secure(context), context.Request.Headers.AcceptLanguage.ToString()), context.RequestAborted);
                break;
            default:
                response.StatusCode = StatusCodes.Status307TemporaryRedirect;
                response.Headers.Location = Secure(context) + context.Request.Path.ToUriComponent();
                break;
        }
    }

    private string Secure(HttpContext context)
    {
        var port = host.Addresses[0].Port;
        var name = new HostString(context.Request.Host.Host);
        return "https://" + (port == 443 ? name : new HostString(name.Host, port)).ToUriComponent();
    }

    private string Page(string app, string languages)
    {
        var italianFirst = languages.TrimStart().StartsWith("it", StringComparison.OrdinalIgnoreCase);
        var link = WebUtility.HtmlEncode(app + "/");
        var print = $"<p><code>SHA-256 {host.Authority!.Fingerprint}</code></p>";
        var english = $"""
            <section lang="en"><h1>Trust this server once</h1>
            <p>Phones open the messenger only over HTTPS. This server made a certificate authority of its own; install it on this device, once.
            Compare the fingerprint with the one on the server's terminal.</p>{print}
            <p><a class="button" href="/ca.crt">Download the certificate</a></p>
            <h2>iPhone, iPad</h2><ol><li>Open this page in Safari and download the certificate; allow it.</li>
            <li>Settings → General → VPN &amp; Device Management → install the profile.</li>
            <li>Settings → General → About → Certificate Trust Settings → switch it on.</li></ol>
            <h2>Android</h2><ol><li>Download the certificate.</li>
            <li>Settings → Security → Encryption &amp; credentials → Install a certificate → CA certificate → choose the file.</li></ol>
            <p>Then: <a href="{link}">{link}</a></p><p>Remove it in the same place when you no longer use this server.</p></section>
            """;
        var italian = $"""
            <section lang="it"><h1>Fidati di questo server, una volta</h1>
            <p>I telefoni aprono il messenger solo in HTTPS. Questo server ha creato una propria autorità di certificazione: installala su questo
            dispositivo, una volta sola. Confronta l'impronta con quella sul terminale del server.</p>{print}
            <p><a class="button" href="/ca.crt">Scarica il certificato</a></p>
            <h2>iPhone, iPad</h2><ol><li>Apri questa pagina in Safari, scarica il certificato e consenti.</li>
            <li>Impostazioni → Generali → VPN e gestione dispositivo → installa il profilo.</li>
            <li>Impostazioni → Generali → Info → Attendibilità certificati → attivalo.</li></ol>
            <h2>Android</h2><ol><li>Scarica il certificato.</li>
            <li>Impostazioni → Sicurezza → Crittografia e credenziali → Installa un certificato → Certificato CA → scegli il file.</li></ol>
            <p>Poi: <a href="{link}">{link}</a></p><p>Quando non usi più questo server, rimuovilo nello stesso posto.</p></section>
            """;
        return $"""
            <!doctype html><html lang="{(italianFirst ? "it" : "en")}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Dapari</title><link rel="stylesheet" href="/trust.css"></head><body><main>{(italianFirst ? italian + english : english + italian)}</main></body></html>
            """;
    }
}
