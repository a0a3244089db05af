using System.Collections.Frozen;
using System.Text;

namespace Dapari.Peer.Text;

/// <summary>Lower-case Latin letters with marks, and the plain letters that people type for them.</summary>
internal static class LatinFold
{
    private static readonly (string Plain, string Marked)[] Rows =
    [
        ("a", "àáâãäåāăąǎǟǡǻȁȃȧạảấầẩẫậắằẳẵặḁ"), ("b", "ḃḅḇ"), ("c", "çćĉċčḉ"), ("d", "ďđḋḍḏḑḓð"),
        ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"), ("f", "ḟƒ"), ("g", "ĝğġģǧǵḡ"), ("h", "ĥħȟḣḥḧḩḫẖ"),
        ("i", "ìíîïĩīĭįıǐȉȋḭḯỉị"), ("j", "ĵǰ"), ("k", "ķǩḱḳḵ"), ("l", "ĺļľŀłḷḹḻḽ"), ("m", "ḿṁṃ"), ("n", "ñńņňŉǹṅṇṉṋŋ"),
        ("o", "òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"), ("p", "ṕṗ"), ("r", "ŕŗřȑȓṙṛṝṟ"), ("s", "śŝşšșṡṣṥṧṩſ"),
        ("t", "ţťŧțṫṭṯṱẗ"), ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"), ("v", "ṽṿ"), ("w", "ŵẁẃẅẇẉẘ"), ("x", "ẋẍ"),
        ("y", "ýÿŷȳẏẙỳỵỷỹ"), ("z", "źżžẑẓẕ"), ("ss", "ß"), ("ae", "æǽǣ"), ("oe", "œ"), ("th", "þ"),
    ];

    private static readonly FrozenDictionary<int, string> Table =
        Rows.SelectMany(row => row.Marked.Select(letter => KeyValuePair.Create((int)letter, row.Plain))).ToFrozenDictionary();

    public static string Fold(Rune letter) =>
        letter.Value >= 0x80 && Table.TryGetValue(letter.Value, out var plain) ? plain : letter.ToString();
}
