import LinuxKernel

extension LogsModel {
    /// Bytes that are written in one go.
    private static let written = 8 << 20
    /// Above so many bytes in memory whoever brings lines waits for the disk.
    private static let mostInMemory = 4 * LogIndex.memoryLimit

    /// Brings what memory should not hold to the disk, beside everything else.
    func moveToDisk() {
        guard spilling == nil, let spillDirectory, index.memorySize > LogIndex.memoryLimit else { return }
        spilling = Task { [weak self] in
            await self?.moveToDisk(spillDirectory)
            if !Task.isCancelled { self?.spilling = nil }
        }
    }

    /// Waits while the disk is slower than the log.
    func waitForDisk() async {
        while index.memorySize > Self.mostInMemory, let spilling { await spilling.value }
    }

    private func moveToDisk(_ directory: String) async {
        do throws(SystemError) {
            while !Task.isCancelled {
                let file = try await spillFile(directory)
                let chunks = index.takeForDisk(Self.written)
                guard !chunks.isEmpty else { return }
                let places = try await KernelThread.run("kdash-log") { () throws(SystemError) -> [(Int, LogSpill.Place)] in
                    var places: [(Int, LogSpill.Place)] = []
                    for (first, chunk) in chunks { places.append((first, try file.write(chunk))) }
                    return places
                }
                if Task.isCancelled { return }
                for (first, place) in places { index.stored(first, file, place) }
            }
        } catch {
            guard !Task.isCancelled else { return }
            // What does not fit into memory goes from now on, and the log says so.
            index.loseDisk("the disk took no more (\(error.reason))")
            spillDirectory = nil
            signal.touch()
        }
    }

    private func spillFile(_ directory: String) async throws(SystemError) -> LogSpill {
        if let spill, !spill.isFull { return spill }
        let file = try await KernelThread.run("kdash-log") { () throws(SystemError) in try LogSpill(directory: directory) }
        if !Task.isCancelled { spill = file }
        return file
    }
}
