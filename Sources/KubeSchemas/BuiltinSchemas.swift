package import APIMachinery
import CSchemas

/// Every kind that kdash serves and every type that those need, read from the embedded schema files on first use.
package let builtinSchemas: SchemaRegistry = {
    do {
        return try SchemaRegistry(schemas: embeddedSchemaFiles())
    } catch {
        fatalError("the embedded schema files are faulty: \(error)")
    }
}()

/// The embedded files, in no order.
package func embeddedSchemaFiles() -> [SchemaFile] {
    (0..<kdash_schema_count()).map { index in
        let schema = kdash_schema_at(index)
        return SchemaFile(
            name: "\(String(cString: schema.name)).schema",
            bytes: Array(UnsafeBufferPointer(start: schema.bytes, count: schema.count)))
    }
}
