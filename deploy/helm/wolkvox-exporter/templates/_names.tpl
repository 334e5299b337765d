{{- define "wolkvox-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters, since a StatefulSet and the services need some of the 63 that there may be. */}}
{{- define "wolkvox-exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "wolkvox-exporter.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "wolkvox-exporter.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.selector" -}}
app.kubernetes.io/name: {{ include "wolkvox-exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "wolkvox-exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "wolkvox-exporter.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | replace "+" "_" | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "wolkvox-exporter.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "wolkvox-exporter.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.image" -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository: write where the image was pushed to; none is published, see README.md of the chart" -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Where everything is in the container; `wolkvox-exporter` cannot write there, but for the state. */}}
{{- define "wolkvox-exporter.secrets" -}}/run/secrets/wolkvox-exporter{{- end -}}
{{- define "wolkvox-exporter.stateFolder" -}}/var/lib/wolkvox-exporter{{- end -}}
