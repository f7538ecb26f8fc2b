package import APIMachinery
package import JSONCore

/// How a write is to be made.
package struct WriteOptions: Sendable, Hashable {
    /// Whether everything but the write itself happens. Default false.
    package var isDryRun: Bool
    /// Who manages the written fields; nil for the server's default.
    package var fieldManager: String?
    /// What happens to unknown and repeated fields: "Ignore", "Warn" or "Strict"; nil for the server's default, Warn.
    package var fieldValidation: String?
    /// Whether an apply takes over fields of other managers. Default false.
    package var isForced: Bool

    /// Options.
    package init(isDryRun: Bool = false, fieldManager: String? = nil, fieldValidation: String? = nil, isForced: Bool = false) {
        self.isDryRun = isDryRun
        self.fieldManager = fieldManager
        self.fieldValidation = fieldValidation
        self.isForced = isForced
    }

    /// The server's defaults.
    package static let standard = WriteOptions()
    /// A dry run that refuses unknown and repeated fields.
    package static let strictDryRun = WriteOptions(isDryRun: true, fieldValidation: "Strict")

    var query: [QueryItem] {
        var items: [QueryItem] = []
        if isDryRun { items.append(QueryItem("dryRun", "All")) }
        if let fieldManager { items.append(QueryItem("fieldManager", fieldManager)) }
        if let fieldValidation { items.append(QueryItem("fieldValidation", fieldValidation)) }
        if isForced { items.append(QueryItem("force", "true")) }
        return items
    }
}

/// How an object is to be deleted. Source: metav1.DeleteOptions.
package struct DeleteOptions: Sendable, Hashable {
    /// What happens to the objects it owns.
    package enum Propagation: String, Sendable, Hashable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    /// Seconds the object has to end by itself; 0 deletes at once; nil for the kind's default.
    package var gracePeriodSeconds: Int64?
    /// The uid the object must have, so that a namesake made meanwhile survives; nil for any.
    package var uid: String?
    /// The resourceVersion the object must have; nil for any.
    package var resourceVersion: String?
    /// What happens to owned objects; nil for the kind's default.
    package var propagation: Propagation?
    /// Whether everything but the deletion itself happens. Default false.
    package var isDryRun: Bool

    /// Options.
    package init(
        gracePeriodSeconds: Int64? = nil, uid: String? = nil, resourceVersion: String? = nil, propagation: Propagation? = nil,
        isDryRun: Bool = false
    ) {
        self.gracePeriodSeconds = gracePeriodSeconds
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagation = propagation
        self.isDryRun = isDryRun
    }

    /// The metav1.DeleteOptions object.
    package var value: JSONValue {
        var value: JSONValue = ["kind": "DeleteOptions", "apiVersion": "v1"]
        if let gracePeriodSeconds { value["gracePeriodSeconds"] = .integer(gracePeriodSeconds) }
        if let uid { value["preconditions", "uid"] = .string(uid) }
        if let resourceVersion { value["preconditions", "resourceVersion"] = .string(resourceVersion) }
        if let propagation { value["propagationPolicy"] = .string(propagation.rawValue) }
        if isDryRun { value["dryRun"] = ["All"] }
        return value
    }
}

/// The kinds of patch, by media type.
package enum PatchType: String, Sendable, Hashable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategicMerge = "application/strategic-merge-patch+json"
    case apply = "application/apply-patch+yaml"
}

/// Which objects of a resource are meant, and how many at a time.
package struct ListOptions: Sendable {
    /// The labels objects must have.
    package var labels: LabelSelector
    /// The fields objects must have.
    package var fields: FieldSelector
    /// The most objects of one answer; nil for all.
    package var limit: Int?
    /// Where the answer before ended; nil for the start.
    package var continueToken: String?
    /// The revision the answer must not be older than ("0": any; nil: the newest).
    package var resourceVersion: String?

    /// Options.
    package init(
        labels: LabelSelector = .everything, fields: FieldSelector = .everything, limit: Int? = nil, continueToken: String? = nil,
        resourceVersion: String? = nil
    ) {
        self.labels = labels
        self.fields = fields
        self.limit = limit
        self.continueToken = continueToken
        self.resourceVersion = resourceVersion
    }

    var query: [QueryItem] {
        var items: [QueryItem] = []
        if !labels.isEmpty { items.append(QueryItem("labelSelector", labels.description)) }
        if !fields.isEmpty { items.append(QueryItem("fieldSelector", fields.description)) }
        if let limit { items.append(QueryItem("limit", String(limit))) }
        if let continueToken { items.append(QueryItem("continue", continueToken)) }
        if let resourceVersion { items.append(QueryItem("resourceVersion", resourceVersion)) }
        return items
    }
}

/// One answer to a list.
package struct ObjectList: Sendable {
    /// The objects, with their kind and apiVersion filled in.
    package var items: [KubeObject]
    /// The revision the list shows; a watch continues from it.
    package var resourceVersion: String
    /// Where to go on; nil when this is the end.
    package var continueToken: String?
    /// How many objects follow, when the server says.
    package var remainingItemCount: Int64?

    /// A list.
    package init(items: [KubeObject], resourceVersion: String, continueToken: String? = nil, remainingItemCount: Int64? = nil) {
        self.items = items
        self.resourceVersion = resourceVersion
        self.continueToken = continueToken
        self.remainingItemCount = remainingItemCount
    }
}
