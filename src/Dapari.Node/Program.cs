using System.Text;
using Dapari.Node.Commands;

Console.OutputEncoding = Encoding.UTF8;
var frame = new Frame(Console.Out, Console.Error, Console.In, Environment.GetEnvironmentVariable, TimeProvider.System, !Console.IsErrorRedirected, () => Console.WindowWidth);
return await CommandTree.RunAsync(frame, args, CancellationToken.None);
