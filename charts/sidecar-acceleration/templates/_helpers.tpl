{{/* Names are fixed: a cluster has one SidecarAcceleration and so one controller, and agents know its Service by name. */}}
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

{{/* The agents' pods, which the controller makes. */}}
{{- define "acceleration.agents" -}}
app.kubernetes.io/name: sidecar-acceleration
app.kubernetes.io/component: agent
{{- end }}

{{- define "acceleration.labels" -}}
{{ include "acceleration.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* No mesh puts a sidecar beside a pod of this chart: a job with one never ends. As operator/api/injectors.ts has them for the agents. */}}
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

{{/* Security of a pod of this chart: Pod Security's restricted profile. */}}
{{- define "acceleration.restricted" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Security of its container. */}}
{{- define "acceleration.confined" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Who may write to kube-system is already as good as an administrator; and the agents' pods would share it with the cluster's own parts. */}}
{{- define "acceleration.place" -}}
{{- if hasPrefix "kube-" .Release.Namespace -}}
{{- fail (printf "namespace %s belongs to Kubernetes: install into one of its own, as in helm install sidecar-acceleration ... -n sidecar-acceleration --create-namespace" .Release.Namespace) -}}
{{- end -}}
{{- end }}

{{/* Capabilities of an agent that is not privileged; as in operator/api/capabilities.ts, which e2e/suites/cases/admissionPolicy.e2e.ts compares. */}}
{{- define "acceleration.capabilities" -}}
['NET_ADMIN', 'SYS_PTRACE', 'SYS_ADMIN']
{{- end }}

{{/* Where runtimes have their sockets. A rollout that goes back may need one that the resource no longer names. */}}
{{- define "acceleration.socketDirectories" -}}
['/run/containerd', '/var/run/containerd', '/run/crio', '/var/run/crio', '/run/k3s/containerd', '/run/k0s', '/var/snap/microk8s/common/run', '/run/cri-dockerd', '/var/run/cri-dockerd']
{{- end }}
