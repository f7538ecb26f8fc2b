import ContainerRuntime
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import NIOCore

/// Whom a probe or hook is aimed at.
struct ActionTarget: Sendable {
    let pod: Pod
    let container: Container
    /// The supervisor's id of the instance.
    let instance: String
    /// Where the pod is reached; empty when it has no address.
    let podIP: String
    /// How the container's program was started; nil when that must be computed again.
    let process: ProcessSpec?
    let cgroup: CgroupPlacement
}

/// Carries out what probes and hooks ask for: exec, httpGet, tcpSocket, grpc, sleep.
struct ActionRunner: Sendable {
    let context: PodContext

    /// One try of a probe.
    func probe(_ probe: Probe, _ target: ActionTarget) async -> ProbeOutcome {
        let timeout = Duration.seconds(probe.timeoutSeconds)
        if let command = probe.action.exec {
            return await exec(command, target, timeout: timeout)
        }
        do throws(ActionProblem) {
            if let action = probe.action.httpGet { return try await http(action, target, timeout: timeout) }
            if let action = probe.action.tcpSocket { return try await tcp(action, target, timeout: timeout) }
            if let action = probe.action.grpc { return try await grpc(action, target, timeout: timeout) }
        } catch {
            return .unknown(error.message)
        }
        return .unknown("missing probe handler for \(target.pod.name):\(target.container.name)")
    }

    /// A lifecycle hook; nil when it succeeded, else why not.
    func hook(_ action: ProbeAction, _ target: ActionTarget, timeout: Duration) async -> String? {
        if let seconds = action.sleepSeconds {
            try? await context.time.sleep(for: min(.seconds(max(seconds, 0)), timeout))  // best effort: cancelled when the worker ends
            return nil
        }
        let outcome: ProbeOutcome
        do throws(ActionProblem) {
            if let command = action.exec {
                outcome = await exec(command, target, timeout: timeout)
            } else if let get = action.httpGet {
                outcome = try await http(get, target, timeout: timeout)
            } else if let socket = action.tcpSocket {
                outcome = try await tcp(socket, target, timeout: timeout)
            } else {
                return "invalid handler: use exec, httpGet, tcpSocket or sleep"
            }
        } catch {
            return error.message
        }
        return switch outcome {
        case .success, .warning: nil
        case .failure(let message), .unknown(let message): message
        }
    }

    // MARK: Kinds

    private func exec(_ command: [String], _ target: ActionTarget, timeout: Duration) async -> ProbeOutcome {
        do throws(ConfigurationError) {
            let process = if let known = target.process { known } else { try await context.process(of: target) }
            let result = try await ContainerCommand(context: context).run(command, process: process, target, timeout: timeout)
            if result.isTimedOut {
                return .failure("command timed out: \"\(command.joined(separator: " "))\" timed out after \(timeout.components.seconds)s")
            }
            return result.code == 0 ? .success : .failure(result.output)
        } catch {
            // The container may just have ended, or the program does not exist: the second is the user's to know.
            return error.reason == "StartError" ? .failure(error.message) : .unknown(error.message)
        }
    }

    private func http(_ action: HTTPGetAction, _ target: ActionTarget, timeout: Duration) async throws(ActionProblem) -> ProbeOutcome {
        let request = HTTPProbe.Request(
            isSecure: action.scheme.uppercased() == "HTTPS", host: try host(action.host, target), port: try port(action.port, target), path: action.path,
            headers: action.headers)
        return await HTTPProbe.run(request, from: context.network?.enclosure, timeout: timeout)
    }

    private func tcp(_ action: PortAction, _ target: ActionTarget, timeout: Duration) async throws(ActionProblem) -> ProbeOutcome {
        await TCPProbe.run(
            host: try host(action.host, target), port: try port(action.port, target), from: context.network?.enclosure, timeout: timeout)
    }

    private func grpc(_ action: PortAction, _ target: ActionTarget, timeout: Duration) async throws(ActionProblem) -> ProbeOutcome {
        await GRPCProbe.run(
            host: try host("", target), port: try port(action.port, target), service: action.service, from: context.network?.enclosure, timeout: timeout)
    }

    private func host(_ named: String, _ target: ActionTarget) throws(ActionProblem) -> String {
        let host = named.isEmpty ? target.podIP : named
        guard !host.isEmpty else {
            throw ActionProblem(message: "the pod has no address that the node could reach; use an exec probe")
        }
        return host
    }

    /// A port by number or by the name of one of the container's ports.
    private func port(_ value: JSONValue, _ target: ActionTarget) throws(ActionProblem) -> Int {
        let named = value.stringValue.flatMap { name in target.container.ports.first { $0.name == name }?.containerPort }
        let number = value.integerValue ?? named ?? value.stringValue.flatMap { Int64($0) } ?? 0
        guard (1...65535).contains(number) else {
            throw ActionProblem(message: "couldn't find port: \(value.stringValue ?? "\(value.integerValue ?? 0)") in container \(target.container.name)")
        }
        return Int(number)
    }
}

/// Why a probe or hook could not be tried.
struct ActionProblem: Error, Sendable {
    let message: String
}

extension Duration {
    /// For NIO's timers.
    var timeAmount: TimeAmount { .nanoseconds(nanoseconds) }
}
