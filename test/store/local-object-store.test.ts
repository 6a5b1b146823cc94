import { objectStoreContract } from '../contracts/object-store.contract.ts'
import { openMemoryStore } from './memory-subject.ts'

objectStoreContract('over a catalog and an engine as lazy as allowed', () => openMemoryStore())
