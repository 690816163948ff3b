{{- /* A node takes one agent: the objects bear the release's name, and the chart has no other. */ -}}

{{- define "hoplens.selector" -}}
app.kubernetes.io/name: hoplens
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "hoplens.labels" -}}
{{ include "hoplens.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "hoplens.secret" -}}
{{ .Values.token.existingSecret | default .Release.Name }}
{{- end }}
