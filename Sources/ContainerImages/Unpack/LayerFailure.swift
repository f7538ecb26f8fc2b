internal import LinuxKernel

/// Either kind of failure inside one entry, told apart so that the message names the entry once.
enum LayerFailure: Error {
    case image(ImageError)
    case system(SystemError)
}

/// Runs system calls inside an entry.
func system<T>(_ body: () throws(SystemError) -> T) throws(LayerFailure) -> T {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

/// As the function for system calls, for an entry of a layer.
func explaining<T>(_ purpose: @autoclosure () -> String, _ body: () throws(LayerFailure) -> T) throws(ImageError) -> T {
    do throws(LayerFailure) { return try body() } catch {
        switch error {
        case .image(let image): throw ImageError(image.code, "cannot \(purpose()): \(image.message)", cause: image.cause)
        case .system(let cause): return try explaining(purpose()) { () throws(SystemError) in throw cause }
        }
    }
}
