using System.Text;
using Dapari.Node.Commands;
using Dapari.Node.Commands.Chat;

Console.OutputEncoding = Encoding.UTF8;
var frame = new Frame(Console.Out, Console.Error, Console.In, Environment.GetEnvironmentVariable, TimeProvider.System, !Console.IsErrorRedirected, Tty.TryOpen, () => Console.WindowWidth);
return await CommandTree.RunAsync(frame, args, CancellationToken.None);
