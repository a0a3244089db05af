using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Dapari.Wire.V1;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd;

public sealed partial class Person
{
    // Where they save: downloads, and for folders a place of this origin, for nobody is there to answer the browser's own windows.
    private const string SaveHere = """
        () => {
          window.showSaveFilePicker = undefined;
          window.showDirectoryPicker = async () => (await navigator.storage.getDirectory()).getDirectoryHandle('saved-by-the-test', { create: true });
        }
        """;

    private const string Saved = """
        async () => {
          const found = [];
          const walk = async (place, path) => {
            for await (const [name, handle] of place.entries()) {
              if (handle.kind === 'directory') { await walk(handle, path + name + '/'); continue; }
              const digest = await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer());
              found.push(path + name + ' ' + [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join(''));
            }
          };
          await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle('saved-by-the-test', { create: true }), '');
          return found.sort();
        }
        """;

    // An entry that says by which way its files went is over.
    private const string Progress = """
        (entry, over) => {
          const name = entry.querySelector('a.foot')?.getAttribute('aria-label') ?? '';
          return over.some(words => name.includes(words)) ? 100 : Number(entry.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') ?? -1);
        }
        """;

    private const float FilesLimit = 240_000;

    /// <summary>The sheet that shows what is about to be sent.</summary>
    public ILocator Sheet => Page.Locator("#sheet");

    /// <summary>An entry of files in the open conversation, by words in it.</summary>
    public ILocator Files(string words) => Log.Locator(".bubble.files").Filter(new() { HasText = words });

    /// <summary>Chooses files by the clip; the sheet is open then.</summary>
    public async Task PickAsync(string item, params string[] files)
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = Words.File.Attach, Exact = true }).ClickAsync();
        var chooser = await Page.RunAndWaitForFileChooserAsync(() => Page.GetByRole(AriaRole.Menuitem, new() { Name = item, Exact = true }).ClickAsync());
        await chooser.SetFilesAsync(files);
        await Expect(Sheet).ToBeVisibleAsync(new() { Timeout = FilesLimit });
    }

    /// <summary>Chooses files whose names no disk would take.</summary>
    public async Task PickAsync(params FilePayload[] files)
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = Words.File.Attach, Exact = true }).ClickAsync();
        var chooser = await Page.RunAndWaitForFileChooserAsync(() => Page.GetByRole(AriaRole.Menuitem, new() { Name = Words.File.MenuFiles, Exact = true }).ClickAsync());
        await chooser.SetFilesAsync(files);
        await Expect(Sheet).ToBeVisibleAsync(new() { Timeout = FilesLimit });
    }

    /// <summary>Sends what the sheet shows.</summary>
    public async Task SendPickedAsync()
    {
        await Sheet.GetByRole(AriaRole.Button, new() { Name = Words.Chat.Send, Exact = true }).ClickAsync();
        await Expect(Sheet).ToBeHiddenAsync();
    }

    /// <summary>Chooses files by the clip and sends them.</summary>
    public async Task SendFilesAsync(params string[] files)
    {
        await PickAsync(Words.File.MenuFiles, files);
        await SendPickedAsync();
    }

    /// <summary>Waits until an entry of files is there, once.</summary>
    public Task SeesFilesAsync(string words) => Expect(Files(words)).ToHaveCountAsync(1, new() { Timeout = FilesLimit });

    /// <summary>Gets what was offered.</summary>
    public Task GetFilesAsync(string words) => Files(words).GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^" + Regex.Escape(Words.File.Get("")[..^2])) }).ClickAsync(new() { Timeout = FilesLimit });

    /// <summary>Waits until an entry shows that its files went this way, and all is over.</summary>
    public Task SeesFilesWentAsync(string words, Route route) =>
        Expect(Files(words).Locator("a.foot")).ToHaveAccessibleNameAsync(new Regex(", " + Regex.Escape(Words.Ways.Name(route)) + ","), new() { Timeout = FilesLimit });

    /// <summary>Opens the page that tells how an entry's files went.</summary>
    public async Task OpenFileDetailsAsync(string words)
    {
        await Files(words).Locator("a.foot").ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = Words.File.EntryTitle })).ToBeVisibleAsync();
    }

    /// <summary>Waits until so many hundredths of a transfer are there; or all, where the machine was quick or busy with other things meanwhile.</summary>
    public Task SeesProgressAsync(string words, int percent)
    {
        var over = Enum.GetValues<Route>().Select(route => $", {Words.Ways.Name(route)},").Distinct().ToArray();
        return Waiting.UntilAsync(
            $"{percent} % of {words}",
            async () => await Files(words).EvaluateAsync<int>(Progress, over) >= percent,
            TimeSpan.FromMilliseconds(FilesLimit));
    }

    /// <summary>Presses a button that saves, and gives the name and the bytes.</summary>
    public async Task<(string Name, byte[] Bytes)> SaveByAsync(ILocator button)
    {
        await Page.EvaluateAsync(SaveHere);
        var download = await Page.RunAndWaitForDownloadAsync(() => button.ClickAsync(new() { Timeout = FilesLimit }), new() { Timeout = FilesLimit });
        return (download.SuggestedFilename, await File.ReadAllBytesAsync(await download.PathAsync()));
    }

    /// <summary>Saves one file, and gives the name it was saved under and the hash of its bytes.</summary>
    public async Task<(string Name, string Hash)> SaveFileAsync(string words, string name)
    {
        var (saved, bytes) = await SaveByAsync(Files(words).GetByRole(AriaRole.Button, new() { Name = Words.File.Save(name), Exact = true }));
        return (saved, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>Saves all files of an entry; "path hash" of each, in order.</summary>
    public async Task<IReadOnlyList<string>> SaveAllFilesAsync(string words, int count)
    {
        await Page.EvaluateAsync(SaveHere);
        await Files(words).GetByRole(AriaRole.Button, new() { Name = Words.File.SaveAll, Exact = true }).ClickAsync(new() { Timeout = FilesLimit });
        string[] saved = [];
        await Expect(Page.GetByText(Words.Common.Saved, new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = FilesLimit });
        await Waiting.UntilAsync($"{count} files saved", async () => (saved = await Page.EvaluateAsync<string[]>(Saved)).Length >= count, TimeSpan.FromMilliseconds(FilesLimit), () => $"{saved.Length} were.");
        return saved;
    }
}
