using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>One run of a command: whom it asks, and where it writes.</summary>
/// <param name="client">The peer.</param>
/// <param name="terminal">Output, and whether it is to be JSON.</param>
/// <param name="time">For limits.</param>
internal sealed class Session(INodeClient client, Terminal terminal, TimeProvider time)
{
    /// <summary>How long a command without a daemon waits at its end for what it made to reach a server.</summary>
    public static readonly TimeSpan LeavingLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _catchUpLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _quiet = TimeSpan.FromMilliseconds(150);
    private bool _online;

    /// <summary>The peer.</summary>
    public INodeClient Client => client;

    /// <summary>Output.</summary>
    public Terminal Terminal => terminal;

    /// <summary>For limits.</summary>
    public TimeProvider Time => time;

    /// <summary>Asks; a refusal ends the command.</summary>
    /// <exception cref="CommandEnd">It was refused.</exception>
    public async Task<byte[]> AskAsync(ApiRequest request, CancellationToken cancellation)
    {
        var answer = await client.SendAsync(request, cancellation);
        if (answer.IsDone)
            return answer.Body;
        var error = JsonSerializer.Deserialize(answer.Body, ApiJson.Default.ErrorBody);
        throw new CommandEnd(ExitCode.Refused, error?.Error ?? "refused", error is null ? Tongue.Of("It was refused.", "Rifiutato.") : Refusals.Of(error.Error) is { } said ? Tongue.Of(said.English, said.Italian) : error.Detail);
    }

    /// <summary>Asks for a document.</summary>
    /// <exception cref="CommandEnd">It was refused.</exception>
    public async Task<T> GetAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellation, params string[] path) =>
        Read(await AskAsync(ApiRequest.Get(path), cancellation), type);

    /// <summary>Asks for something to be done.</summary>
    /// <exception cref="CommandEnd">It was refused.</exception>
    public Task<byte[]> DoAsync<T>(string method, T body, JsonTypeInfo<T> type, CancellationToken cancellation, params string[] path) =>
        AskAsync(ApiRequest.Of(method, JsonSerializer.SerializeToUtf8Bytes(body, type), path), cancellation);

    /// <summary>A document as it came.</summary>
    public static T Read<T>(byte[] body, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(body, type)!;

    /// <summary>Writes a document as JSON, or as a person reads it.</summary>
    public void Write<T>(T body, JsonTypeInfo<T> type, Action<T> forPeople)
    {
        if (terminal.Json)
            terminal.Line(Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(body, type)));
        else
            forPeople(body);
    }

    /// <summary>Waits for something that an event, or how all stands already, shows.</summary>
    /// <param name="limit">How long.</param>
    /// <param name="look">True: that is it.</param>
    /// <param name="begin">Done once listening has begun, so that nothing is missed.</param>
    /// <param name="cancellation">Ends the command.</param>
    /// <returns>Whether it came within the limit.</returns>
    public async Task<bool> WaitAsync(TimeSpan limit, Func<EventBody, bool> look, Func<Task>? begin, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        var begun = begin is null;
        try
        {
            await foreach (var happened in client.EventsAsync(either.Token))
            {
                if (!begun)
                {
                    begun = true;
                    await begin!();
                }

                if (look(happened))
                    return true;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }

        return false;
    }

    /// <summary>
    /// Without a daemon: fetches first what lies at the home server. It is done when nothing has happened for a while after the server was there, or
    /// when the server is out of reach.
    /// </summary>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        if (client.IsDaemon)
            return;
        using var late = new CancellationTokenSource(_catchUpLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            await foreach (var happened in client.EventsAsync(either.Token))
            {
                var home = happened.Status?.Servers.FirstOrDefault(server => server.Home);
                if (happened.Status is { Name: null } || home is { State: "offline" })
                    return;
                if (home is { State: "online" } || _online)
                {
                    _online = true;
                    late.CancelAfter(_quiet);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is quiet, or took too long: the command goes on with what is here.
        }
    }

    /// <summary>Without a daemon: stays until what is sealed is at its server, for nobody else would bring it there.</summary>
    public async Task<bool> LeaveAsync(CancellationToken cancellation)
    {
        if (client.IsDaemon)
            return true;
        using var late = new CancellationTokenSource(LeavingLimit, time);
        while (!late.IsCancellationRequested)
        {
            if ((await GetAsync(ApiJson.Default.StatusBody, cancellation, "status")).Waiting == 0)
                return true;
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return false;
            }
        }

        return false;
    }
}
