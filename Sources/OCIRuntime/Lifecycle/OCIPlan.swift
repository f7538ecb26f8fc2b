internal import CLinux

/// The bytes that `CLinux/include/oci.h` describes.
struct OCIPlan {
    private(set) var bytes: [UInt8] = []

    mutating func text(_ tag: kd_oci_tag, _ value: String) {
        // Texts of a configuration were refused when they had a NUL.
        var utf8 = value.utf8.filter { $0 != 0 }
        utf8.append(0)
        field(tag, utf8)
    }

    mutating func number(_ tag: kd_oci_tag, _ value: some FixedWidthInteger) { numbers(tag, [UInt64(truncatingIfNeeded: value)]) }

    mutating func numbers(_ tag: kd_oci_tag, _ values: [UInt64]) { field(tag, values.withUnsafeBytes { Array($0) }) }

    mutating func record(_ tag: kd_oci_tag, _ body: (inout OCIPlan) -> Void) {
        var inner = OCIPlan()
        body(&inner)
        field(tag, inner.bytes)
    }

    mutating func pair(_ tag: kd_oci_tag, _ name: String, _ value: String) {
        record(tag) { inner in
            inner.text(KD_OCI_PATH, name)
            inner.text(KD_OCI_VALUE, value)
        }
    }

    mutating func field(_ tag: kd_oci_tag, _ payload: [UInt8]) {
        withUnsafeBytes(of: kd_field_header(tag: tag.rawValue, size: UInt32(payload.count))) { bytes += $0 }
        bytes += payload
        bytes += repeatElement(0, count: (8 - payload.count % 8) % 8)
    }
}

extension OCIPlan {
    /// The part of a plan that a container's first process and an exec share.
    mutating func process(_ process: ProcessConfiguration, filter: [UInt8], filterFlags: UInt64) {
        for argument in process.arguments { text(KD_OCI_ARGUMENT, argument) }
        for variable in process.environment { text(KD_OCI_VARIABLE, variable) }
        text(KD_OCI_DIRECTORY, process.directory)
        number(KD_OCI_UID, process.uid)
        number(KD_OCI_GID, process.gid)
        for group in process.additionalGroups { number(KD_OCI_GROUP, group) }
        number(KD_OCI_UMASK, process.umask)
        numbers(KD_OCI_CAPABILITIES, process.capabilities.all)
        if !filter.isEmpty { field(KD_OCI_FILTER, filter) }
        number(KD_OCI_FILTER_FLAGS, filterFlags)
        if process.width > 0 || process.height > 0 { number(KD_OCI_TERMINAL_SIZE, UInt64(process.width) << 16 | UInt64(process.height)) }
        if let scheduler = process.scheduler {
            var attributes: [UInt64] = [48 | UInt64(scheduler.policy) << 32, scheduler.flags]
            attributes.append(UInt64(UInt32(bitPattern: scheduler.nice)) | UInt64(scheduler.priority) << 32)
            attributes += [scheduler.runtime, scheduler.deadline, scheduler.period]
            numbers(KD_OCI_SCHEDULER, attributes)
        }
        if let priority = process.ioPriority { number(KD_OCI_IO_PRIORITY, priority) }
    }

    mutating func mount(_ mount: MountConfiguration) {
        record(KD_OCI_MOUNT) { inner in
            inner.text(KD_OCI_TYPE, mount.isBind ? "" : mount.type)
            if !mount.source.isEmpty { inner.text(KD_OCI_SOURCE, mount.source) }
            inner.text(KD_OCI_PATH, mount.destination)
            inner.number(KD_OCI_FLAGS, mount.flags)
            inner.number(KD_OCI_SET, mount.set)
            inner.number(KD_OCI_CLEAR, mount.clear)
            inner.number(KD_OCI_SET_BELOW, mount.setBelow)
            inner.number(KD_OCI_CLEAR_BELOW, mount.clearBelow)
            inner.number(KD_OCI_PROPAGATION, mount.propagation)
            if !mount.isBind { for option in mount.data { inner.text(KD_OCI_OPTION, option) } }
            if !mount.uidMap.isEmpty {
                inner.text(KD_OCI_UID_MAP, mount.uidMap.map(\.line).joined())
                inner.text(KD_OCI_GID_MAP, mount.gidMap.map(\.line).joined())
            }
        }
    }

    mutating func hook(_ kind: Int, _ hook: BundleConfiguration.Hook) {
        record(KD_OCI_HOOK) { inner in
            inner.number(KD_OCI_TYPE, kind)
            inner.text(KD_OCI_PATH, hook.path)
            for argument in hook.arguments { inner.text(KD_OCI_ARGUMENT, argument) }
            for variable in hook.environment { inner.text(KD_OCI_VARIABLE, variable) }
            inner.number(KD_OCI_TIMEOUT, hook.timeout ?? 0)
        }
    }
}
