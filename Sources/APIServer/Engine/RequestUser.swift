internal import KubeClient

/// The user of a request, as strategies see it.
typealias RequestUser = UserInfo
