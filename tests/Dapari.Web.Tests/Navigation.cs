using Microsoft.AspNetCore.Components;

namespace Dapari.Web.Tests;

/// <summary>An address bar on paper.</summary>
internal sealed class Navigation : NavigationManager
{
    public Navigation() => Initialize("https://home.example/", "https://home.example/");

    protected override void NavigateToCore(string uri, NavigationOptions options)
    {
        Uri = ToAbsoluteUri(uri).AbsoluteUri;
        NotifyLocationChanged(isInterceptedLink: false);
    }
}
