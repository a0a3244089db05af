# Sourced by ./dapari, ./test and ./bench. Bash 5, Debian or Ubuntu.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

need_dotnet() {
  command -v dotnet >/dev/null || die 'The .NET 10 SDK is missing. On Debian and Ubuntu: https://learn.microsoft.com/dotnet/core/install/linux'
  dotnet --list-sdks | grep -q '^10\.' || die "The .NET 10 SDK is missing; found only: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')"
}

# need_packages COMMAND:PACKAGE … installs from Debian's or Ubuntu's packages what is missing.
need_packages() {
  local missing=() entry
  for entry in "$@"; do
    command -v "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || die "Missing, and this is not Debian or Ubuntu: ${missing[*]}"
  local as_root=''
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "Missing: ${missing[*]}. Install them as root: apt-get install ${missing[*]}"
    as_root=sudo
  fi
  say "Installing: ${missing[*]}"
  $as_root apt-get update -qq >/dev/null || die 'apt-get update failed'
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq ${apt_options:-} "${missing[@]}" >/dev/null || die "apt-get install ${missing[*]} failed"
}

# Ubuntu's chromium package is only a shim for snap, which has no place in a container or CI: a browser that runs must be there.
need_chromium() {
  local browser
  for browser in "${DAPARI_CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$browser" ] && command -v "$browser" >/dev/null && "$browser" --version >/dev/null 2>&1 && { DAPARI_CHROMIUM=$(command -v "$browser"); export DAPARI_CHROMIUM; return; }
  done
  need_packages chromium:chromium
  chromium --version >/dev/null 2>&1 || die 'Chromium was installed but does not start. Name a browser in DAPARI_CHROMIUM.'
  DAPARI_CHROMIUM=$(command -v chromium)
  export DAPARI_CHROMIUM
}

# Servers that a benchmark compares with: installed, and never started by their packages.
need_servers() {
  local policy=/usr/sbin/policy-rc.d made='' entry missing=''
  for entry in "$@"; do command -v "${entry%%:*}" >/dev/null || missing=yes; done
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || die "Missing: $*. Install them as root, without starting them."
  if [ ! -e "$policy" ]; then
    made=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  need_packages "$@"
  if [ -n "$made" ]; then rm -f "$policy"; trap - EXIT; fi
}

# The TURN server and the tools that ours is measured and tested against.
need_coturn() { need_packages turnutils_uclient:coturn; }

# The database that a cluster of servers shares; tests and benchmarks start their own on a folder of their own.
need_postgresql() {
  local program
  for program in /usr/lib/postgresql/*/bin/initdb; do [ -x "$program" ] && return; done
  need_servers pg_ctlcluster:postgresql
}

# A store that speaks S3, on Node.js. Kept outside the tree, so that a fresh clone on the same machine needs no network for it.
need_s3rver() {
  need_packages node:nodejs npm:npm
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/dapari/s3rver
  cmp -s "$root/eng/s3rver/package-lock.json" "$folder/package-lock.json" && cmp -s "$root/eng/s3rver/store.js" "$folder/store.js" && [ -e "$folder/whole" ] && return
  say 'Installing: s3rver'
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$root"/eng/s3rver/package*.json "$root/eng/s3rver/store.js" "$folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) || { tail -n 5 "$folder/npm.log" >&2; die 's3rver, the S3 store of the tests, could not be installed.'; }
  touch "$folder/whole"
}

# What operators watch the server with; its figures and the dashboard's queries are tested against it.
# A machine without it still tests all else: that one test says that it was skipped.
need_prometheus() { (need_servers prometheus:prometheus) || say 'Prometheus cannot be had: the test of the dashboard is skipped.'; }

# What reads the files in deploy/. A machine without them still tests all else: those tests say that they were skipped.
need_deployers() { (apt_options=--no-install-recommends need_servers docker-compose:docker-compose caddy:caddy systemd-analyze:systemd) || say 'Not all that reads deploy/ can be had: tests of it are skipped.'; }

# stale STAMP PATH…: whether any source is newer than what was built from it.
stale() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" \( -name obj -o -name bin \) -prune -o -type f -newer "$stamp" -print -quit)" ]
}

# The web app as the server serves it: trimmed, compressed, fingerprinted. Into artifacts/app.
build_app() {
  local stamp=$root/artifacts/app.stamp log=$root/artifacts/app.log
  stale "$stamp" "$root"/src/Dapari.{Web,Peer,Crypto,Wire} "$root/proto" "$root"/Directory.*.props || return 0
  mkdir -p "$root/artifacts"
  say 'Building the web app (once, about a minute)…'
  rm -rf "$root/artifacts/app.next"
  dotnet publish "$root/src/Dapari.Web/Dapari.Web.csproj" -c Release -o "$root/artifacts/app.next" -v q >"$log" 2>&1 || { tail -n 30 "$log" >&2; die 'The web app did not build.'; }
  rm -rf "$root/artifacts/app"
  mv "$root/artifacts/app.next/wwwroot" "$root/artifacts/app"
  rm -rf "$root/artifacts/app.next"
  touch "$stamp"
}

build_server() {
  local stamp=$root/artifacts/server.stamp log=$root/artifacts/server.log
  stale "$stamp" "$root"/src/Dapari.{Server,Relay,Rtc,Rtc.Sockets,Wire} "$root/proto" "$root"/Directory.*.props || return 0
  mkdir -p "$root/artifacts"
  say 'Building the server…'
  dotnet build "$root/src/Dapari.Server/Dapari.Server.csproj" -c Release -v q >"$log" 2>&1 || { tail -n 30 "$log" >&2; die 'The server did not build.'; }
  touch "$stamp"
}

build_node() {
  local stamp=$root/artifacts/node.stamp log=$root/artifacts/node.log
  stale "$stamp" "$root"/src/Dapari.{Node,Peer,Crypto,Relay,Rtc,Rtc.Sockets,Wire} "$root/proto" "$root"/Directory.*.props || return 0
  mkdir -p "$root/artifacts"
  say 'Building the node…'
  dotnet build "$root/src/Dapari.Node/Dapari.Node.csproj" -c Release -v q >"$log" 2>&1 || { tail -n 30 "$log" >&2; die 'The node did not build.'; }
  touch "$stamp"
}

# The native peer as one native file (about a minute and a half). Into artifacts/publish.
build_native_node() {
  local stamp=$root/artifacts/native-node.stamp
  stale "$stamp" "$root"/src/Dapari.{Node,Peer,Crypto,Relay,Rtc,Rtc.Sockets,Wire} "$root/proto" "$root/eng/publish-node" "$root"/Directory.*.props || return 0
  mkdir -p "$root/artifacts"
  case $(uname -m) in aarch64) "$root/eng/publish-node" linux-arm64 ;; *) "$root/eng/publish-node" linux-x64 ;; esac || return 1
  touch "$stamp"
}

# The server as it was when several machines first worked together: today's has to live beside it during an upgrade, and after one that was taken back. Into artifacts/older-server.
build_older_server() {
  local commit=cab5a545d3227fe7e2807ce5a276910c5d31bd9c folder=$root/artifacts/older-server source=$root/artifacts/older-source log=$root/artifacts/older-server.log
  [ "$(cat "$folder/commit" 2>/dev/null)" != "$commit" ] || return 0
  if ! git -C "$root" cat-file -e "$commit^{commit}" 2>/dev/null; then
    git -C "$root" fetch --quiet --unshallow 2>/dev/null || true
    git -C "$root" cat-file -e "$commit^{commit}" 2>/dev/null || { say "This clone has no history: commit $commit is missing, and with it the earlier server."; return 1; }
  fi
  say 'Building an earlier server…'
  rm -rf "$folder" "$source"
  mkdir -p "$source"
  git -C "$root" archive "$commit" src/Dapari.{Server,Wire,Relay,Rtc,Rtc.Sockets} proto Directory.Build.props Directory.Packages.props global.json .editorconfig eng/BannedSymbols.txt | tar -x -C "$source"
  # A tree of its own, whose settings end at its own root.
  dotnet build "$source/src/Dapari.Server/Dapari.Server.csproj" -c Release -v q -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:GenerateDocumentationFile=false >"$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }
  mv "$source/artifacts/bin/Dapari.Server/release" "$folder"
  rm -rf "$source"
  echo "$commit" >"$folder/commit"
}
