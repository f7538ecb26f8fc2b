internal import APIMachinery
internal import ObjectStore

/// What is about to be written in the same commit: whoever prepares an object of it finds the others there already, such as a pod its
/// namespace and its service account.
enum StagedObjects {
    @TaskLocal static var objects: [ObjectKey: KubeObject] = [:]

    /// Calls `body` with these objects in place.
    static func with<Value>(_ objects: [ObjectKey: KubeObject], _ body: () throws(APIStatus) -> Value) throws(APIStatus) -> Value {
        let result: Result<Value, APIStatus> = $objects.withValue(objects) {
            do throws(APIStatus) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
