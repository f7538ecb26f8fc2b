internal import Glibc
internal import LinuxKernel

/// The image that is always there: kdash itself, under the name whose personality logs, burns, finishes or fails.
package enum DemoImage {
    /// Its complete name; `kdash.dev/demo:1` in manifests.
    package static let reference = "kdash.dev/demo:1"
    /// Its one program; modes `log`, `burn`, `job`, `fail` (Sources/CLinux/demo.c).
    package static let program = "/kdash-demo"
}

extension ImageStore {
    /// Makes the demo image from the running program unless it is there and up to date. `resolve` does so on first demand.
    package func ensureDemoImage(program: String = "/proc/self/exe") throws(ImageError) -> ImageRecord {
        let info = try explaining("read \(program)") { () throws(SystemError) -> stat in
            let file = try FileDescriptor.open(program, O_RDONLY)
            return try file.status()
        }
        let source = "demo:\(info.st_dev):\(info.st_ino):\(info.st_size):\(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
        if let record = current(DemoImage.reference, source: source) { return record }
        var config = ImageConfig()
        config.entrypoint = [DemoImage.program]
        config.cmd = ["log"]
        let libraries = try LibraryResolver().libraries(of: program)
        return try build(DemoImage.reference, config, source: source) { (layer) throws(ImageError) in
            for folder in ["/dev", "/etc", "/proc", "/sys"] { try layer.addFolder(folder) }
            try layer.addFolder("/tmp", mode: 0o1777)
            try layer.addText("/etc/passwd", "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n")
            try layer.addProgram(DemoImage.program, from: program)
            for library in libraries.sorted(by: { $0.target < $1.target }) { try layer.addProgram(library.target, from: library.source) }
        }
    }
}
