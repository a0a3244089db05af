using System.Text;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Codes that one person shows and another's camera sees: the camera is a file made of the shown picture.</summary>
public sealed class CameraTests(Theatre theatre) : Scene(theatre)
{
    private const int Width = 640;
    private const int Height = 480;

    // The shown code as grey values in a camera's picture: a little turned and off the middle, light grey around it, as in a hand.
    private const string Photograph = """
        ([svg, width, height]) => {
          const canvas = new OffscreenCanvas(width, height);
          const context = canvas.getContext('2d');
          context.fillStyle = '#ddd';
          context.fillRect(0, 0, width, height);
          const size = svg.viewBox.baseVal.width;
          context.translate(width / 2 + 13, height / 2 - 7);
          context.rotate(0.06);
          context.scale(height * 0.78 / size, height * 0.78 / size);
          context.translate(-size / 2, -size / 2);
          context.fillStyle = '#f4f4f4';
          context.fillRect(-4, -4, size + 8, size + 8);
          context.fillStyle = '#181818';
          context.fill(new Path2D(svg.querySelector('path').getAttribute('d')));
          const pixels = context.getImageData(0, 0, width, height).data;
          const grey = new Uint8Array(width * height);
          for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i];
          let text = '';
          for (let i = 0; i < grey.length; i += 8192) text += String.fromCharCode(...grey.subarray(i, i + 8192));
          return btoa(text);
        }
        """;

    private readonly string file = Path.Combine(Path.GetTempPath(), $"dapari-camera-{Guid.NewGuid():N}.y4m");

    [Fact]
    public async Task An_invite_and_a_safety_number_are_taken_from_the_others_screen()
    {
        using var playwright = await Playwright.CreateAsync();
        await File.WriteAllBytesAsync(file, Film(new byte[Width * Height]), TestContext.Current.CancellationToken);
        try
        {
            await using var browser = await Chromium.StartWithCameraAsync(playwright, file);
            var alice = await SettleAsync("Alice");
            await alice.InviteAsync();
            await ShootAsync(alice, alice.Words.Invite.QrAlt);
            var invite = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

            var bob = await SettleAsync("Bob", browser: browser);
            await bob.Context.GrantPermissionsAsync(["camera"], new() { Origin = bob.Origin });
            await bob.GoAsync("/invite");
            await bob.Page.GetByRole(AriaRole.Button, new() { Name = bob.Words.Invite.Scan }).ClickAsync();
            await Expect(bob.Page.GetByText(bob.Words.Chat.WaitAccept("Alice"))).ToBeVisibleAsync(new() { Timeout = 60_000 });
            await alice.AcceptAsync("Bob");
            await Expect(bob.Log.GetByText(bob.Words.Chat.Connected("Alice"))).ToBeVisibleAsync();

            await alice.OpenAsync("Bob");
            await ShowNumberAsync(alice);
            await ShowNumberAsync(bob);

            // First a code of another kind, the invite: said, and nobody is verified by it.
            await ScanTheirsAsync(bob);
            await Expect(bob.Page.GetByText(bob.Words.Contact.ScanOther("Alice"))).ToBeVisibleAsync(new() { Timeout = 60_000 });
            await Expect(bob.Page.GetByText(bob.Words.Contact.NotVerified, new() { Exact = true })).ToBeVisibleAsync();

            // A camera that has just stopped may still give its last picture first; after a reload it does not.
            await bob.ReloadAsync();
            await ShowNumberAsync(bob);
            await ShootAsync(alice, alice.Words.Contact.QrAlt);
            Assert.NotEqual(invite, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            await ScanTheirsAsync(bob);
            await Expect(bob.Page.GetByText(bob.Words.Contact.ScanMatches("Alice"))).ToBeVisibleAsync(new() { Timeout = 60_000 });
            await Expect(bob.Page.GetByText(bob.Words.Contact.Verified, new() { Exact = true })).ToBeVisibleAsync();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task ShowNumberAsync(Person person)
    {
        await person.OpenContactAsync();
        await person.Page.GetByRole(AriaRole.Button, new() { Name = person.Words.Contact.ShowNumber }).ClickAsync();
        await Expect(person.Page.GetByRole(AriaRole.Img, new() { Name = person.Words.Contact.QrAlt })).ToBeVisibleAsync();
    }

    private static Task ScanTheirsAsync(Person person) =>
        person.Page.GetByRole(AriaRole.Button, new() { Name = person.Words.Contact.ScanTheirs }).ClickAsync();

    private async Task ShootAsync(Person person, string code)
    {
        var svg = await person.Page.GetByRole(AriaRole.Img, new() { Name = code }).ElementHandleAsync();
        var grey = Convert.FromBase64String(await person.Page.EvaluateAsync<string>(Photograph, new object[] { svg, Width, Height }));

        // Never half of one picture and half of another.
        await File.WriteAllBytesAsync(file + ".next", Film(grey), TestContext.Current.CancellationToken);
        File.Move(file + ".next", file, overwrite: true);
    }

    /// <summary>YUV4MPEG2, 4:2:0: one frame, which the camera repeats; without colour.</summary>
    private static byte[] Film(byte[] grey)
    {
        var colourless = new byte[Width * Height / 2];
        Array.Fill(colourless, (byte)128);
        return [.. Encoding.ASCII.GetBytes(FormattableString.Invariant($"YUV4MPEG2 W{Width} H{Height} F10:1 Ip A1:1 C420jpeg\nFRAME\n")), .. grey, .. colourless];
    }
}
