// Short names for the schemas of the contract, sdk/api/openapi.yaml.

import type { components } from "./api.gen";

type Schemas = components["schemas"];

export type Banner = Schemas["Banner"];
export type Quota = Schemas["QuotaUsage"];
/** A contact as the pod stores it. `ahead`: by channel, the sequence number of a response that is newer than `seq`. */
export type Contact = Schemas["Contact"] & { ahead?: Record<string, number> };
export type Pod = Omit<Schemas["Pod"], "contacts"> & { contacts: Contact[] };
export type Channel = Schemas["Channel"];
export type Shield = Schemas["Shield"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type Lock = Schemas["Lock"];
export type HistoryPage = Schemas["HistoryPage"];
export type Method = Schemas["Method"];
export type MethodOption = Schemas["MethodOption"];
export type Person = Schemas["Person"];
export type Policy = Schemas["Policy"];
export type Reason = Schemas["Reason"];
export type SaveRule = Schemas["SaveRule"];
export type Stage = NonNullable<Shield["stage"]>;
export type Unusable = Schemas["Unusable"];
export type Verification = Schemas["Verification"];
export type SessionOpened = Schemas["SessionOpened"];
export type LaunchRequest = Schemas["LaunchRequest"];
/** The member that ConnectWise reports: a claim, which the server verifies. */
export type Member = Schemas["ConnectWiseMember"];
export type ConnectWiseLaunch = Schemas["ConnectWiseLaunch"];
export type SignInLaunch = Schemas["SignInLaunch"];
export type SendRequest = Schemas["SendRequest"];
export type ClientFrame = Schemas["ClientFrame"];
export type SnapshotFrame = Schemas["SnapshotFrame"];
export type EventFrame = Schemas["EventFrame"];
export type PolicyFrame = Schemas["PolicyFrame"];
export type SessionFrame = Schemas["SessionFrame"];
/** A frame about the pod's content. */
export type PodFrame = SnapshotFrame | EventFrame | PolicyFrame;
export type ServerFrame = PodFrame | SessionFrame;
