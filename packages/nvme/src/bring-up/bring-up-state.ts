/**
 * Where a bring-up stands. Attaching a controller and bringing it back after a reset go through the same states.
 *
 * ```text
 *   READ_CAP ──► INIT_DELAY*          registers; a quirk may want some peace first
 *                    │
 *        ┌───────────▼──────────────┐ what a previous owner left enabled is drained: its queues are gone after this
 *        │ DISABLE_WAIT_READY*      │ CC.EN=1 and on its way to ready: EN must not be cleared yet           CAP.TO
 *        │ DISABLE                  │ CC.EN=0
 *        │ DISABLE_WAIT_NOT_READY   │ CSTS.RDY=0                                                            CAP.TO
 *        └───────────┬──────────────┘
 *                 ENABLE              AQA, ASQ, ACQ, CC with EN=1
 *           ENABLE_WAIT_READY         CSTS.RDY=1                                                  CAP.TO, CRTO
 *                    │                ─── from here on each command has the admin deadline ───
 *                IDENTIFY             controller, its limits for the NVM command set
 *              COMMAND_SETS*          a combination with the NVM command set, where there are several
 *              HOST_BEHAVIOR*         before the namespaces: they show extended formats only to hosts that know them
 *                HOST_ID*             before the first reservation could be met
 *               KEEP_ALIVE*           timeout set, and read back as granted
 *               NUM_QUEUES            queues asked for, queues granted
 *               ARBITRATION*          weights
 *            DOORBELL_BUFFER*         before the first I/O queue; when it fails, all doorbells stay registers
 *                   AER               configured, and parked, so that no change from here on goes unseen
 *               NAMESPACES            active ones of the NVM command set
 *               DESCRIPTORS           of each: identifiers, structures, formats
 *                 QUEUES*             after a reset only: the queues that there were, on the memory they had
 *                    │
 *                  READY
 * ```
 *
 * States with a star are passed over where there is nothing to do.
 */
export type BringUpState =
  | 'READ_CAP'
  | 'INIT_DELAY'
  | 'DISABLE_WAIT_READY'
  | 'DISABLE'
  | 'DISABLE_WAIT_NOT_READY'
  | 'ENABLE'
  | 'ENABLE_WAIT_READY'
  | 'IDENTIFY'
  | 'COMMAND_SETS'
  | 'HOST_BEHAVIOR'
  | 'HOST_ID'
  | 'KEEP_ALIVE'
  | 'NUM_QUEUES'
  | 'ARBITRATION'
  | 'DOORBELL_BUFFER'
  | 'AER'
  | 'NAMESPACES'
  | 'DESCRIPTORS'
  | 'QUEUES'
  | 'READY';
