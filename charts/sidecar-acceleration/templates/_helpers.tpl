{{/* Names are fixed: a cluster has one SidecarAcceleration and so one controller, and agents find its Service by name. */}}
{{- define "acceleration.controller" -}}
sidecar-acceleration-controller
{{- end }}

{{- define "acceleration.agent" -}}
sidecar-acceleration-agent
{{- end }}

{{- define "acceleration.selector" -}}
app.kubernetes.io/name: sidecar-acceleration
app.kubernetes.io/component: controller
{{- end }}

{{/* Labels of the agents' pods, which the controller creates. */}}
{{- define "acceleration.agents" -}}
app.kubernetes.io/name: sidecar-acceleration
app.kubernetes.io/component: agent
{{- end }}

{{- define "acceleration.labels" -}}
{{ include "acceleration.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Keep meshes from injecting a sidecar into pods of this chart: a job with a sidecar never ends. operator/api/injectors.ts has the same for agents. */}}
{{- define "acceleration.uninjected.labels" -}}
sidecar.istio.io/inject: "false"
istio.io/dataplane-mode: none
kuma.io/sidecar-injection: disabled
{{- end }}

{{- define "acceleration.uninjected.annotations" -}}
linkerd.io/inject: disabled
consul.hashicorp.com/connect-inject: "false"
{{- end }}

{{- define "acceleration.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ printf "%s@%s" .repository .digest }}
{{- else -}}
{{ printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Security context of a pod of this chart, as Pod Security's restricted level requires it. */}}
{{- define "acceleration.restricted" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Security context of a container of this chart. */}}
{{- define "acceleration.confined" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Refuses kube-system and its like: write access there is as good as that of an administrator, and agents would share it with parts of Kubernetes. */}}
{{- define "acceleration.place" -}}
{{- if hasPrefix "kube-" .Release.Namespace -}}
{{- fail (printf "namespace %s belongs to Kubernetes: install into a namespace of its own, as in helm install sidecar-acceleration ... -n sidecar-acceleration --create-namespace" .Release.Namespace) -}}
{{- end -}}
{{- end }}

{{/* Capabilities of an agent that is not privileged. e2e/suites/cases/admissionPolicy.e2e.ts compares them with operator/api/capabilities.ts. */}}
{{- define "acceleration.capabilities" -}}
['NET_ADMIN', 'SYS_PTRACE', 'SYS_ADMIN']
{{- end }}

{{/* Directories of container runtimes' sockets. A rollback may need one that the resource no longer names. */}}
{{- define "acceleration.socketDirectories" -}}
['/run/containerd', '/var/run/containerd', '/run/crio', '/var/run/crio', '/run/k3s/containerd', '/run/k0s', '/var/snap/microk8s/common/run', '/run/cri-dockerd', '/var/run/cri-dockerd']
{{- end }}
