#include "CSchemas.h"

static const unsigned char admissionregistration_v1[] = {
#embed "schemas/admissionregistration-v1.schema"
};
static const unsigned char apiextensions_v1[] = {
#embed "schemas/apiextensions-v1.schema"
};
static const unsigned char apiregistration_v1[] = {
#embed "schemas/apiregistration-v1.schema"
};
static const unsigned char apps_v1[] = {
#embed "schemas/apps-v1.schema"
};
static const unsigned char authentication_v1[] = {
#embed "schemas/authentication-v1.schema"
};
static const unsigned char authorization_v1[] = {
#embed "schemas/authorization-v1.schema"
};
static const unsigned char autoscaling_v1[] = {
#embed "schemas/autoscaling-v1.schema"
};
static const unsigned char autoscaling_v2[] = {
#embed "schemas/autoscaling-v2.schema"
};
static const unsigned char batch_v1[] = {
#embed "schemas/batch-v1.schema"
};
static const unsigned char certificates_v1[] = {
#embed "schemas/certificates-v1.schema"
};
static const unsigned char coordination_v1[] = {
#embed "schemas/coordination-v1.schema"
};
static const unsigned char core_v1[] = {
#embed "schemas/core-v1.schema"
};
static const unsigned char discovery_v1[] = {
#embed "schemas/discovery-v1.schema"
};
static const unsigned char events_v1[] = {
#embed "schemas/events-v1.schema"
};
static const unsigned char flowcontrol_v1[] = {
#embed "schemas/flowcontrol-v1.schema"
};
static const unsigned char meta_v1[] = {
#embed "schemas/meta-v1.schema"
};
static const unsigned char metrics_v1beta1[] = {
#embed "schemas/metrics-v1beta1.schema"
};
static const unsigned char networking_v1[] = {
#embed "schemas/networking-v1.schema"
};
static const unsigned char node_v1[] = {
#embed "schemas/node-v1.schema"
};
static const unsigned char policy_v1[] = {
#embed "schemas/policy-v1.schema"
};
static const unsigned char rbac_v1[] = {
#embed "schemas/rbac-v1.schema"
};
static const unsigned char resource_v1[] = {
#embed "schemas/resource-v1.schema"
};
static const unsigned char scheduling_v1[] = {
#embed "schemas/scheduling-v1.schema"
};
static const unsigned char storage_v1[] = {
#embed "schemas/storage-v1.schema"
};

static const struct kdash_schema files[] = {
    {"admissionregistration-v1", admissionregistration_v1, sizeof admissionregistration_v1},
    {"apiextensions-v1", apiextensions_v1, sizeof apiextensions_v1},
    {"apiregistration-v1", apiregistration_v1, sizeof apiregistration_v1},
    {"apps-v1", apps_v1, sizeof apps_v1},
    {"authentication-v1", authentication_v1, sizeof authentication_v1},
    {"authorization-v1", authorization_v1, sizeof authorization_v1},
    {"autoscaling-v1", autoscaling_v1, sizeof autoscaling_v1},
    {"autoscaling-v2", autoscaling_v2, sizeof autoscaling_v2},
    {"batch-v1", batch_v1, sizeof batch_v1},
    {"certificates-v1", certificates_v1, sizeof certificates_v1},
    {"coordination-v1", coordination_v1, sizeof coordination_v1},
    {"core-v1", core_v1, sizeof core_v1},
    {"discovery-v1", discovery_v1, sizeof discovery_v1},
    {"events-v1", events_v1, sizeof events_v1},
    {"flowcontrol-v1", flowcontrol_v1, sizeof flowcontrol_v1},
    {"meta-v1", meta_v1, sizeof meta_v1},
    {"metrics-v1beta1", metrics_v1beta1, sizeof metrics_v1beta1},
    {"networking-v1", networking_v1, sizeof networking_v1},
    {"node-v1", node_v1, sizeof node_v1},
    {"policy-v1", policy_v1, sizeof policy_v1},
    {"rbac-v1", rbac_v1, sizeof rbac_v1},
    {"resource-v1", resource_v1, sizeof resource_v1},
    {"scheduling-v1", scheduling_v1, sizeof scheduling_v1},
    {"storage-v1", storage_v1, sizeof storage_v1},
};

size_t kdash_schema_count(void) { return sizeof files / sizeof files[0]; }

struct kdash_schema kdash_schema_at(size_t index) { return files[index]; }
