{{/*
A Helm hook: a job that runs accelctl, with a ServiceAccount and a ClusterRole that are deleted after the job.
Argument: a dict of root (the chart's context), name, hook (Helm's hook events), rules (of the ClusterRole), seconds (the deadline) and args (of
accelctl).
*/}}
{{- define "acceleration.hook" -}}
{{- $labels := include "acceleration.hook.labels" . -}}
{{ include "acceleration.hook.identity" . }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- $labels | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .hook }}
    # A failed job stays until the next run, so that its log can be read; Helm prints the log as well.
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
    helm.sh/hook-output-log-policy: hook-failed
spec:
  backoffLimit: 2
  activeDeadlineSeconds: {{ add .seconds 30 }}
  ttlSecondsAfterFinished: 3600
  template:
    metadata:
      labels:
        {{- $labels | nindent 8 }}
        {{- include "acceleration.uninjected.labels" . | nindent 8 }}
      annotations:
        {{- include "acceleration.uninjected.annotations" . | nindent 8 }}
    spec:
      {{- include "acceleration.accelctl" (dict "root" .root "name" .name "args" .args) | nindent 6 }}
{{- end }}

{{- define "acceleration.hook.labels" -}}
app.kubernetes.io/name: sidecar-acceleration
app.kubernetes.io/component: hook
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
{{- end }}

{{/* The ServiceAccount of the job, and its rights. */}}
{{- define "acceleration.hook.identity" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "acceleration.hook.labels" . | nindent 4 }}
  annotations:
    {{- include "acceleration.hook.passing" . | nindent 4 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .name }}
  labels:
    {{- include "acceleration.hook.labels" . | nindent 4 }}
  annotations:
    {{- include "acceleration.hook.passing" . | nindent 4 }}
rules:
  {{- toYaml .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .name }}
  labels:
    {{- include "acceleration.hook.labels" . | nindent 4 }}
  annotations:
    {{- include "acceleration.hook.passing" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .name }}
    namespace: {{ .root.Release.Namespace | quote }}
{{- end }}

{{- define "acceleration.hook.passing" -}}
helm.sh/hook: {{ .hook }}
helm.sh/hook-weight: "-5"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}

{{/* The spec of a pod that runs accelctl once. Argument: a dict of root, name (of the ServiceAccount) and args. */}}
{{- define "acceleration.accelctl" -}}
serviceAccountName: {{ .name }}
restartPolicy: Never
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ include "acceleration.restricted" .root }}
containers:
  - name: accelctl
    image: {{ include "acceleration.image" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy | quote }}
    command: [accelctl]
    args:
      {{- toYaml .args | nindent 6 }}
    resources:
      requests:
        cpu: 20m
        memory: 64Mi
      limits:
        memory: 256Mi
    {{- include "acceleration.confined" .root | nindent 4 }}
{{- end }}
