import ContainerRuntime
import KubeClient
import KubeSchemas
import LinuxKernel

/// What a pod's own network has carried, from the tables of a process in it.
enum PodTraffic {
    /// Nil where the pod shares the node's network, or none of its containers runs in a cgroup that tells.
    static func read(_ pod: Pod, _ containers: [String], _ context: PodContext) -> TransferSample? {
        guard !pod.spec.hostNetwork, let cgroups = context.cgroups else { return nil }
        let place = context.placement(of: pod).path
        for id in containers {
            guard let pid = cgroups.process(in: context.placement(of: id, pod)) else { continue }
            let text: String
            do throws(SystemError) {
                text = try FileSystem.readText("/proc/\(pid)/net/dev")
                // Its number may be another process's by now, and the table that one's.
                guard try FileSystem.readText("/proc/\(pid)/cgroup").contains("/\(place)/") else { continue }
            } catch { continue }  // It has ended: another container may tell.
            if let sample = parse(text) { return sample }
        }
        return nil
    }

    /// The sums of all interfaces but the loopback. Source: the kernel's `net/core/net-procfs.c` dev_seq_printf_stats.
    static func parse(_ text: String) -> TransferSample? {
        var sum: TransferSample?
        for line in text.split(separator: "\n") {
            guard let colon = line.lastIndex(of: ":") else { continue }
            let name = line[..<colon].drop { $0 == " " }
            let fields = line[line.index(after: colon)...].split(separator: " ")
            guard name != "lo", fields.count >= 9, let received = Int64(fields[0]), let sent = Int64(fields[8]), received >= 0, sent >= 0 else { continue }
            sum = (sum ?? TransferSample()) + TransferSample(received: received, sent: sent)
        }
        return sum
    }
}
