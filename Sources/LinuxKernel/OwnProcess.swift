internal import CLinux

/// What a process does about itself.
package enum OwnProcess {
    /// Bounds what the allocator keeps free for itself, however large the buffers were that it has seen. Once, before any threads.
    package static func boundFreeMemory() { kd_bound_free_memory() }

    /// Gives memory that was freed between things still in use back to the system, and lets go of the pages of the program's own file, most of which a
    /// quiet process does not need. Takes some milliseconds after a large burst.
    package static func giveBackMemory() { kd_give_back_memory() }

    /// Raises the soft limit of open files to the hard one; a shell's usual 1024 is less than a server's connections. Returns whether the
    /// kernel agreed.
    package static func raiseOpenFiles() -> Bool { kd_raise_open_files() == 0 }

    /// How many files the process may have open.
    package static var openFilesLimit: Int { Int(clamping: kd_open_files()) }
}
