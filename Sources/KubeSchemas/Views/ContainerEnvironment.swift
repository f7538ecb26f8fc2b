package import JSONCore

/// core/v1 EnvVar.
package struct EnvVar: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The variable.
    package var name: String { text("name") ?? "" }
    /// Its text, in which `$(OTHER)` is replaced.
    package var literal: String { text("value") ?? "" }
    /// Where its text comes from instead; nil for a literal.
    package var source: EnvVarSource? { optionalPart("valueFrom") }
}

/// core/v1 EnvVarSource.
package struct EnvVarSource: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// A field of the pod.
    package var fieldRef: ObjectFieldSelector? { optionalPart("fieldRef") }
    /// A resource of a container.
    package var resourceFieldRef: ResourceFieldSelector? { optionalPart("resourceFieldRef") }
    /// A key of a ConfigMap.
    package var configMapKeyRef: KeySelector? { optionalPart("configMapKeyRef") }
    /// A key of a Secret.
    package var secretKeyRef: KeySelector? { optionalPart("secretKeyRef") }
}

/// core/v1 EnvFromSource.
package struct EnvFromSource: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Put before every key.
    package var prefix: String { text("prefix") ?? "" }
    /// The ConfigMap.
    package var configMapRef: KeySelector? { optionalPart("configMapRef") }
    /// The Secret.
    package var secretRef: KeySelector? { optionalPart("secretRef") }
}

/// A reference to a ConfigMap or Secret, or to one key of it.
package struct KeySelector: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The object's name.
    package var name: String { text("name") ?? "" }
    /// The key; empty for the whole object.
    package var key: String { text("key") ?? "" }
    /// Whether it may be missing.
    package var isOptional: Bool { flag("optional") ?? false }
}

/// core/v1 ObjectFieldSelector.
package struct ObjectFieldSelector: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// For example `metadata.name` or `metadata.labels['app']`.
    package var fieldPath: String { text("fieldPath") ?? "" }
}

/// core/v1 ResourceFieldSelector.
package struct ResourceFieldSelector: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The container; empty for the one that holds the selector.
    package var containerName: String { text("containerName") ?? "" }
    /// For example `limits.cpu`.
    package var resource: String { text("resource") ?? "" }
    /// The unit of the result; "0" means 1.
    package var divisor: String { text("divisor") ?? "0" }
}
