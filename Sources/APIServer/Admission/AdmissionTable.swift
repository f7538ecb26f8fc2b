/// The steps in force, in the order of `pkg/kubeapiserver/options/plugins.go`. Policies and webhooks, once there are any, are the last rows.
enum AdmissionTable {
    static func steps(_ configuration: APIServerConfiguration) -> [any AdmissionStep] {
        [
            LimitRangerAdmission(),
            ServiceAccountAdmission(mountsTokens: configuration.mountsServiceAccountTokens),
            PodSecurityAdmission(),
            PriorityAdmission(),
            TolerationAdmission(),
            DefaultClassAdmission.storage,
            StorageProtectionAdmission(),
            ClaimResizeAdmission(),
            RuntimeClassAdmission(),
            CertificateAdmission(),
            DefaultClassAdmission.ingress,
        ] + configuration.admissionSteps
    }
}
