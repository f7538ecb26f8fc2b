internal import Glibc
internal import LinuxKernel

/// Where hooks write, by annotations that crun has, too: `run.oci.hooks.stdout` and `run.oci.hooks.stderr` name files that are appended to.
struct HookStreams: ~Copyable {
    /// -1: the command's own, or the container's for `startContainer`.
    let output: CInt
    /// -1: the words become part of the error.
    let errors: CInt

    /// Relative names are below the bundle.
    init(_ configuration: BundleConfiguration?, bundle: String) throws(OCIError) {
        let output = try Self.open("stdout", configuration, bundle)
        do throws(OCIError) { errors = try Self.open("stderr", configuration, bundle) } catch {
            if output >= 0 { close(output) }
            throw error
        }
        self.output = output
    }

    deinit { for descriptor in [output, errors] where descriptor >= 0 { close(descriptor) } }

    private static func open(_ name: String, _ configuration: BundleConfiguration?, _ bundle: String) throws(OCIError) -> CInt {
        guard let path = configuration?.annotation("run.oci.hooks.\(name)") else { return -1 }
        return try OCIError.attempt("open what the annotation run.oci.hooks.\(name) names") { () throws(SystemError) in
            try FileDescriptor.open(path.hasPrefix("/") ? path : "\(bundle)/\(path)", O_WRONLY | O_APPEND | O_CREAT, mode: 0o644).release()
        }
    }
}
