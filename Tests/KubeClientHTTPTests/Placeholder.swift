import Testing
@testable import KubeClientHTTP
