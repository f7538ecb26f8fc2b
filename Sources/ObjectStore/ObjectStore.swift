package import LinuxKernel

package final class ObjectStore: Sendable {
    package struct Options: Sendable {
        package init() {}
    }
    package static func open(
        directory: String, time: any TimeSource, options: Options = Options()
    ) throws(StoreError) -> ObjectStore { throw .closed }
    package var currentRevision: Int64 { fatalError() }
    package func get(_ key: ObjectKey) throws(StoreError) -> StoredObject? { throw .closed }
    package func get(_ key: ObjectKey, at revision: Int64) throws(StoreError) -> StoredObject? { throw .closed }
    package func list(
        prefix: String, after: String? = nil, limit: Int? = nil, at revision: Int64? = nil
    ) throws(StoreError) -> Listing { throw .closed }
    package func submit(
        _ write: ObjectWrite, completion: @escaping @Sendable (Result<StoredObject, StoreError>) -> Void
    ) { fatalError() }
    package func submit(
        _ writes: [ObjectWrite], completion: @escaping @Sendable (Result<[StoredObject], StoreError>) -> Void
    ) { fatalError() }
    package func watch(prefix: String, from revision: Int64?) throws(StoreError) -> StoreWatch { throw .closed }
    package func history(of key: ObjectKey, limit: Int = 100) throws(StoreError) -> [ObjectVersion] { throw .closed }
    package func close() { fatalError() }
}
