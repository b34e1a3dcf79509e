# NATS whose data folder belongs to a user without privileges: a new volume takes the folder's owner.
FROM nats:2.12-alpine
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
