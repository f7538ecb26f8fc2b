import KubeClient

/// What is run in a container by its `sh` to look inside: POSIX shell with `stat`, `dd`, `cat`, `readlink`, `ls` and `kill`, as GNU, BusyBox and
/// toybox have them. No `tar`. Paths are passed as arguments in which every odd byte is `\0NNN`.
struct ContainerScript {
    /// How a script says what is in the way.
    enum Exit: Int {
        case missing = 40
        case otherKind = 41
        case denied = 42
        case noTool = 43
        case changed = 45
        case notWritten = 46
        case cut = 47
    }

    var text: String
    var arguments: [String]

    /// The words to run.
    var command: [String] { ["sh", "-c", text, "kdash"] + arguments }

    /// A path as `printf %b` reads it.
    static func argument(_ path: FilePath) -> String {
        path.bytes.map { byte in
            let isPlain = (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || "/._-".utf8.contains(byte)
            guard !isPlain else { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 8)
            return "\\0" + String(repeating: "0", count: 3 - digits.count) + digits
        }.joined()
    }

    /// Before the others: the path, whose last bytes may be line feeds, and the tool without which nothing is told.
    private static let beginning = #"""
        p=$(printf '%b.' "$1"); p=${p%.}
        command -v stat >/dev/null 2>&1 || exit 43
        f='%f %s %u %g %Y %Z %i'

        """#

    /// Lists a directory: a line for each file that ends in `//`, which no name holds; then pairs of names and where those links lead, each ended
    /// by a zero byte.
    static func list(_ path: FilePath, most: Int) -> ContainerScript {
        ContainerScript(
            text: beginning + #"""
                [ -d "$p" ] || exit 40
                cd -P "$p" 2>/dev/null && [ -r . ] || exit 42
                set -- "$2"; most=$1; c=0; t=0; set --
                for n in ./* ./.[!.]* ./..?*; do
                  [ -e "$n" ] || [ -L "$n" ] || continue
                  t=$((t+1)); [ $t -gt $most ] && break
                  set -- "$@" "$n"; c=$((c+1)); [ $c -lt 100 ] && continue
                  stat -c "$f %n//" "$@" 2>/dev/null; set --; c=0
                done
                [ $c -gt 0 ] && stat -c "$f %n//" "$@" 2>/dev/null
                printf '\0'; t=0
                for n in ./* ./.[!.]* ./..?*; do
                  [ -L "$n" ] || continue
                  t=$((t+1)); [ $t -gt 2000 ] && break
                  printf '%s\0' "$n"; readlink "$n" 2>/dev/null; printf '\0'
                done
                exit 0
                """#, arguments: [argument(path), "\(most)"])
    }

    /// The size of the blocks that a part of a file is read in.
    static let block: Int64 = 65_536

    /// Reads blocks of a regular file: a line about the file, then the bytes.
    static func read(_ path: FilePath, firstBlock: Int64, blocks: Int64) -> ContainerScript {
        ContainerScript(
            text: beginning + #"""
                [ -e "$p" ] || exit 40
                [ -f "$p" ] || exit 41
                [ -r "$p" ] || exit 42
                stat -L -c "$f" "$p" || exit 42
                exec dd if="$p" bs=65536 skip="$2" count="$3" 2>/dev/null
                """#, arguments: [argument(path), "\(firstBlock)", "\(blocks)"])
    }

    /// Writes standard input to a regular file, and says what the file is then. It is gathered beside the file first, so that a transfer that
    /// breaks off changes nothing; what could not be put into its place afterwards stays there. `version` is `any`, `new` or what was read. No more
    /// than `count` bytes are waited for: servers before Kubernetes 1.29 cannot be told of the end.
    static func write(_ path: FilePath, count: Int, version: String, isExecutable: Bool, mark: String) -> ContainerScript {
        ContainerScript(
            text: beginning + #"""
                d=${p%/*}/; m=$5
                try() { t="$1.kdash-$m"; (umask 077; set -C; : > "$t") 2>/dev/null; }
                if [ -e "$p" ] || [ -L "$p" ]; then
                  [ "$3" = new ] && exit 45
                  [ -e "$p" ] || exit 40
                  [ -f "$p" ] || exit 41
                  [ -w "$p" ] || exit 42
                  [ "$3" = any ] || [ "$3" = "$(stat -L -c '%i-%s-%Y-%Z' "$p")" ] || exit 45
                  old=1; try "$d" || try /tmp/ || try /dev/shm/ || exit 42
                else
                  [ "$3" = any ] || [ "$3" = new ] || exit 45
                  old=; try "$d" || exit 42
                fi
                if command -v head >/dev/null 2>&1; then head -c "$2"; else cat; fi > "$t" || { rm -f "$t"; exit 46; }
                [ "$(stat -c %s "$t")" = "$2" ] || { rm -f "$t"; exit 47; }
                if [ -n "$old" ]; then
                  cat "$t" > "$p" || { echo "what was to be written is in $t" >&2; exit 46; }
                  rm -f "$t"
                else
                  chmod "$4" "$t" && mv "$t" "$p" || { rm -f "$t"; exit 46; }
                fi
                stat -L -c "$f" "$p"
                """#, arguments: [argument(path), "\(count)", version, isExecutable ? "755" : "644", mark])
    }

    /// Makes a directory unless there is one.
    static func makeDirectory(_ path: FilePath) -> ContainerScript {
        ContainerScript(
            text: #"""
                p=$(printf '%b.' "$1"); p=${p%.}
                [ -d "$p" ] && exit 0
                [ -e "$p" ] && exit 41
                mkdir "$p" 2>/dev/null || [ -d "$p" ] || exit 42
                """#, arguments: [argument(path)])
    }

    /// Tells of processes: parts that `mark` ends, which no program can guess: their own number, users by path, passwd, when the machine was
    /// started, the size of a page; then of each process its number, its `stat` and its `cmdline`.
    static func processes(mark: String, most: Int) -> ContainerScript {
        ContainerScript(
            text: #"""
                [ -r /proc/self/stat ] || exit 40
                m() { printf '%s' "$1"; }
                echo $$; m "$1"
                stat -c '%u %n' /proc/[0-9]* 2>/dev/null; m "$1"
                cat /etc/passwd 2>/dev/null; m "$1"
                while read -r k v; do [ "$k" = btime ] && echo "$v"; done < /proc/stat; m "$1"
                getconf PAGESIZE 2>/dev/null || echo 4096; m "$1"
                n=0
                for d in /proc/[0-9]*; do
                  n=$((n+1)); [ $n -gt "$2" ] && break
                  echo "${d#/proc/}"; cat "$d/stat" "$d/cmdline" 2>/dev/null; m "$1"
                done
                exit 0
                """#, arguments: [mark, "\(most)"])
    }

    /// Sends a signal to a process if it still is the one that started then.
    static func signal(pid: Int32, started: UInt64, signal: Int32) -> ContainerScript {
        ContainerScript(
            text: #"""
                read -r l < "/proc/$1/stat" || exit 40
                p=$1; s=$2; g=$3
                set -- ${l##*) }
                [ "${20}" = "$s" ] || exit 40
                kill -"$g" "$p" || exit 42
                """#, arguments: ["\(pid)", "\(started)", "\(signal)"])
    }

    /// Tells of sockets: the kernel's tables, each ended by `mark`, and then what processes have open.
    static func sockets(mark: String) -> ContainerScript {
        ContainerScript(
            text: #"""
                [ -r /proc/net/tcp ] || exit 40
                for n in tcp tcp6 udp udp6 unix; do cat "/proc/net/$n" 2>/dev/null; printf '%s' "$1"; done
                ls -l /proc/[0-9]*/fd 2>/dev/null
                exit 0
                """#, arguments: [mark])
    }
}
