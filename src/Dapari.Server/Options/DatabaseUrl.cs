using System.Text;

namespace Dapari.Server.Options;

/// <summary>
/// A database's URL (postgres://user:password@host:port/database?sslmode=require) as the driver takes it. What is behind the question mark are the driver's own settings; ?host=FOLDER
/// is a Unix socket's.
/// </summary>
internal static class DatabaseUrl
{
    public static bool TryRead(string text, out string connection)
    {
        connection = "";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql") || uri.AbsolutePath.Length < 2 || uri.Fragment.Length > 0)
            return false;
        var built = new StringBuilder();
        void Add(string key, string value)
        {
            if (value.Length > 0)
                built.Append(key).Append("='").Append(value.Replace("'", "''", StringComparison.Ordinal)).Append("';");
        }

        var user = uri.UserInfo.Split(':', 2);
        Add("Username", Uri.UnescapeDataString(user[0]));
        Add("Password", user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "");
        Add("Host", Uri.UnescapeDataString(uri.Host.Trim('[', ']')));
        Add("Port", uri.Port > 0 ? uri.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) : "");
        Add("Database", Uri.UnescapeDataString(uri.AbsolutePath[1..]));
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            if (parts.Length != 2)
                return false;
            Add(parts[0] switch { "sslmode" => "SSL Mode", "host" => "Host", _ => Uri.UnescapeDataString(parts[0]) }, Uri.UnescapeDataString(parts[1]));
        }

        connection = built.ToString();
        return true;
    }
}
