using System.Text.Json.Nodes;
using Dapari.EndToEnd;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// How long until the app can be used: cold (a browser that never saw it, an empty cache, the server on loopback) and warm (a later visit,
/// with an identity, from the service worker's cache), and how many bytes the first visit takes. Each cold start is a new browser folder on disk.
/// </summary>
internal static class WebStart
{
    // Marks the moment at which something that matches can be used, in milliseconds since the navigation began.
    private const string Clock = """
        (() => {
          const wanted = '[data-ready]';
          if (window.__usable !== undefined) return;
          window.__usable = 0;
          const look = () => {
            const seen = document.querySelector('SELECTOR');
            if (!seen || seen.disabled) return;
            window.__usable = performance.now();
            observer.disconnect();
          };
          const observer = new MutationObserver(look);
          observer.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] });
        })();
        """;
}
