namespace Dapari.Server.Options;

/// <summary>The page of --help.</summary>
internal static class Help
{
    public static void Write(TextWriter output)
    {
        output.WriteLine("usage: dapari-server serve [options]");
        output.WriteLine("       dapari-server relay [options]              the relay alone, without mailboxes and web");
        output.WriteLine("       dapari-server relay-credential [options]   a user name and a password for it, to try it out");
        output.WriteLine("       dapari-server admin COMMAND                usage, registration, quotas, blocking, backup, check: see admin --help");
        output.WriteLine("       dapari-server --version");
        output.WriteLine();
        output.WriteLine("Each option is also a setting of dapari.json in the data folder (or of the file that --config names), and a");
        output.WriteLine("variable: --public-url is DAPARI_PUBLIC_URL. Options win over variables, and these over the file.");
        output.WriteLine("In variables, several values are separated by semicolons; in the file they are a list.");
        output.WriteLine();
        foreach (var setting in Settings.All)
        {
            output.WriteLine($"  {(setting.IsSecret ? setting.Variable : "--" + setting.Name)}{(setting.Argument is null ? "" : " " + setting.Argument)}{(setting.Many ? "   (may be repeated)" : "")}");
            output.WriteLine($"        {setting.Help}");
        }
    }
}
