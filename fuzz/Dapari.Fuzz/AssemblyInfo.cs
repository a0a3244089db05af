using System.Runtime.Versioning;

// As the node, whose lanes are among the targets.
[assembly: UnsupportedOSPlatform("windows")]
