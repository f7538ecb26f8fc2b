package import JSONCore

/// core/v1 PodSecurityContext.
package struct PodSecurityContext: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// User id; nil for the image's.
    package var runAsUser: Int64? { integer("runAsUser") }
    /// Group id; nil for the image's.
    package var runAsGroup: Int64? { integer("runAsGroup") }
    /// Whether user id 0 is refused.
    package var runAsNonRoot: Bool? { flag("runAsNonRoot") }
    /// Group that owns the volumes; nil for none.
    package var fsGroup: Int64? { integer("fsGroup") }
    /// Further groups of the processes.
    package var supplementalGroups: [Int64] { value["supplementalGroups"]?.arrayValue?.compactMap(\.integerValue) ?? [] }
    /// Kernel settings, name and value.
    package var sysctls: [(name: String, value: String)] {
        (value["sysctls"]?.arrayValue ?? []).compactMap { entry in
            entry["name"]?.stringValue.map { ($0, entry["value"]?.stringValue ?? "") }
        }
    }
    /// Allowed system calls.
    package var seccompProfile: SeccompProfile? { optionalPart("seccompProfile") }
}

/// core/v1 SecurityContext.
package struct SecurityContext: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Whether the container is as mighty as root on the node.
    package var privileged: Bool { flag("privileged") ?? false }
    /// User id; nil follows the pod.
    package var runAsUser: Int64? { integer("runAsUser") }
    /// Group id; nil follows the pod.
    package var runAsGroup: Int64? { integer("runAsGroup") }
    /// Whether user id 0 is refused; nil follows the pod.
    package var runAsNonRoot: Bool? { flag("runAsNonRoot") }
    /// Whether the root file system refuses writing.
    package var readOnlyRootFilesystem: Bool { flag("readOnlyRootFilesystem") ?? false }
    /// Whether setuid programs may gain rights. nil means yes.
    package var allowPrivilegeEscalation: Bool? { flag("allowPrivilegeEscalation") }
    /// `Default` or `Unmasked`.
    package var procMount: String { text("procMount") ?? "Default" }
    /// Capabilities added to the usual set, without `CAP_`.
    package var addedCapabilities: [String] { value["capabilities", "add"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    /// Capabilities taken from the usual set, without `CAP_`.
    package var droppedCapabilities: [String] { value["capabilities", "drop"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    /// Allowed system calls; nil follows the pod.
    package var seccompProfile: SeccompProfile? { optionalPart("seccompProfile") }
}

/// core/v1 SeccompProfile.
package struct SeccompProfile: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// `RuntimeDefault`, `Unconfined` or `Localhost`.
    package var type: String { text("type") ?? "" }
    /// The file of a `Localhost` profile.
    package var localhostProfile: String { text("localhostProfile") ?? "" }
}
