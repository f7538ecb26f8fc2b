import Testing
@testable import KubeSchemas
